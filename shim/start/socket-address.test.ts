import { expect } from "chai";
import { describe, it } from "mocha";
import { socketPath } from "./socket-address.ts";

const GROUP = { address: "/run/containerd/containerd.sock", namespace: "k8s.io", group: "pod1" };

describe("socketPath()", () => {
  it("is the sha256 of address, namespace and group as one path, as containerd's own library has it", () => {
    // printf %s /run/containerd/containerd.sock/k8s.io/pod1 | sha256sum
    expect(socketPath(GROUP)).to.equal(
      "/run/containerd/s/8e264b1ad347c80aee5f3dea6e4bb53d72026989222058782273d5db043c7723",
    );
  });

  it("differs by containerd, namespace and group", () => {
    const paths = [
      GROUP,
      { ...GROUP, address: "/c.sock" },
      { ...GROUP, namespace: "default" },
      { ...GROUP, group: "p" },
    ];
    expect(new Set(paths.map((group) => socketPath(group))).size).to.equal(4);
  });

  it("fits into a socket's address", () => {
    expect(socketPath({ ...GROUP, group: "g".repeat(300) }).length).to.be.below(108);
  });
});

import { expect } from "chai";
import { describe, it } from "mocha";
import { podVolumes } from "./pod-volumes.ts";

const MOUNT_INFO = [
  "1 0 0:50 / / ro,nodev - overlay overlay rw",
  "2 1 0:51 / /proc rw - proc proc rw",
  "3 1 0:52 / /tmp rw,nosuid - tmpfs tmpfs rw",
  "4 1 8:1 / /guest rw,nosuid - ext4 /dev/root rw",
  "5 4 8:1 /kubelet/etc-hosts /guest/etc/hosts rw - ext4 /dev/root rw",
  "6 4 8:1 /kubelet/log /guest/dev/termination-log rw - ext4 /dev/root rw",
  "7 4 0:53 / /guest/run/secrets/kubernetes.io/serviceaccount ro - tmpfs tmpfs rw",
  "8 4 8:1 /kubelet/config /guest/runtime-config.toml ro - ext4 /dev/root rw",
  "9 4 8:1 /kubelet/certs /guest/etc/ssl/certs/ca-certificates.crt ro - ext4 /dev/root rw",
  "10 4 8:1 /kubelet/state /guest/.spin rw - ext4 /dev/root rw",
  "11 4 8:1 /kubelet/data /guest/data rw,relatime - ext4 /dev/root rw",
  "12 4 8:1 /kubelet/settings /guest/etc/settings ro,relatime - ext4 /dev/root rw",
  "13 4 8:1 /kubelet/one /guest/app/one\\040file.json ro - ext4 /dev/root rw",
  "14 11 0:54 / /guest/data/fast rw - tmpfs tmpfs rw",
  "15 4 8:1 /kubelet/other /guest/data ro,relatime - ext4 /dev/root rw",
  "16 1 8:1 / /guest-other rw - ext4 /dev/root rw",
  "",
].join("\n");

describe("podVolumes()", () => {
  const volumes = podVolumes(MOUNT_INFO, "/guest", (path) => !path.endsWith(".json"));

  it("finds the folders that the pod mounts, and none of kubelet's or the executor's own", () => {
    expect(volumes.folders).to.have.deep.members([
      { hostPath: "/guest/data", guestPath: "/data", access: "read" },
      { hostPath: "/guest/etc/settings", guestPath: "/etc/settings", access: "read" },
      { hostPath: "/guest/data/fast", guestPath: "/data/fast", access: "read-write" },
    ]);
  });

  it("names the single files, which cannot be given", () => {
    expect(volumes.files).to.deep.equal(["/app/one file.json"]);
  });

  it("finds none where nothing is mounted", () => {
    expect(podVolumes(MOUNT_INFO, "/elsewhere", () => true)).to.deep.equal({ folders: [], files: [] });
  });
});

import { expect } from "chai";
import { describe, it } from "mocha";
import type { OciSpec } from "../spec/oci-spec.ts";
import { traitsOf } from "./container-traits.ts";

const BASE: OciSpec = { ociVersion: "1.0.2" };

describe("traitsOf()", () => {
  const systemd: readonly { readonly path: string; readonly option?: boolean; readonly want: boolean }[] = [
    { path: "/kubepods/pod1/c1", want: false },
    { path: "kubepods-pod1.slice:cri-containerd:c1", want: true },
    { path: "kubepods-pod1.slice:cri-containerd:c1", option: false, want: false },
    { path: "/kubepods/pod1/c1", option: true, want: true },
    { path: "", want: false },
  ];
  for (const { path, option, want } of systemd) {
    it(`${want ? "takes" : "does not take"} "${path}" for systemd's, with the option ${String(option)}`, () => {
      expect(traitsOf({ ...BASE, linux: { cgroupsPath: path } }, option).systemdCgroup).to.equal(want);
    });
  }

  const pids: readonly { readonly namespaces: unknown; readonly want: boolean }[] = [
    { namespaces: [{ type: "pid" }], want: true },
    { namespaces: [{ type: "ipc" }, { type: "pid", path: "" }], want: true },
    { namespaces: [{ type: "pid", path: "/proc/1/ns/pid" }], want: false },
    { namespaces: [{ type: "ipc" }], want: false },
    { namespaces: "none", want: false },
  ];
  for (const { namespaces, want } of pids) {
    it(`${want ? "finds" : "does not find"} pids of its own in ${JSON.stringify(namespaces)}`, () => {
      expect(traitsOf({ ...BASE, linux: { namespaces } }, undefined).ownPids).to.equal(want);
    });
  }

  it("finds hooks that only runc can run", () => {
    expect(traitsOf({ ...BASE, hooks: { poststart: [{ path: "/x" }] } }, undefined).hasPoststartHooks).to.equal(true);
    expect(traitsOf({ ...BASE, hooks: { prestart: [{ path: "/x" }] } }, undefined).hasPoststartHooks).to.equal(false);
    expect(traitsOf(BASE, undefined).hasPoststartHooks).to.equal(false);
  });
});

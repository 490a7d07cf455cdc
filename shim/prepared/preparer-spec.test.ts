import { expect } from "chai";
import { describe, it } from "mocha";
import { preparerSpec } from "./preparer-spec.ts";

const ORDER = {
  id: "prepare-1",
  tree: "/run/tree",
  files: [{ source: "/opt/shim", destination: "/shim", kind: "file" }],
  command: ["/shim", "executor", "prepare"],
  component: "/layers/sha256-1",
  systemdCgroup: false,
  seccomp: "none",
} as const;
const READ_ONLY = ["rbind", "rprivate", "nosuid", "nodev", "ro"];

describe("preparerSpec()", () => {
  it("gives nothing but the program and the component, to nobody's user", () => {
    const { process, root, mounts, hooks, annotations, hostname } = preparerSpec(ORDER);
    expect({ process, root, mounts, hooks, annotations, hostname }).to.deep.equal({
      process: {
        terminal: false,
        user: { uid: 1_900_000_005, gid: 1_900_000_005 },
        args: ["/shim", "executor", "prepare", "/component.wasm"],
        env: [],
        cwd: "/",
        capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
        noNewPrivileges: true,
        oomScoreAdj: 1000,
        rlimits: [
          { type: "RLIMIT_FSIZE", soft: 268_435_456, hard: 268_435_456 },
          { type: "RLIMIT_CPU", soft: 60, hard: 60 },
          { type: "RLIMIT_CORE", soft: 0, hard: 0 },
        ],
      },
      root: { path: "/run/tree", readonly: true },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
        { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec", "mode=755", "size=64k"] },
        { destination: "/shim", type: "bind", source: "/opt/shim", options: READ_ONLY },
        { destination: "/component.wasm", type: "bind", source: "/layers/sha256-1", options: [...READ_ONLY, "noexec"] },
      ],
      hooks: undefined,
      annotations: undefined,
      hostname: undefined,
    });
  });

  it("joins no namespace, and has a cgroup of its own with limits", () => {
    const { linux } = preparerSpec(ORDER);
    expect(linux?.["namespaces"]).to.deep.equal(["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })));
    expect(linux?.cgroupsPath).to.equal("/prepare-1");
    expect(linux?.["resources"]).to.deep.equal({
      devices: [{ allow: false, access: "rwm" }],
      memory: { limit: 805_306_368 },
      pids: { limit: 32 },
      cpu: { shares: 256 },
    });
    expect(linux).to.not.have.property("seccomp");
    expect(preparerSpec({ ...ORDER, systemdCgroup: true }).linux?.cgroupsPath).to.equal("system.slice:rcm:prepare-1");
  });

  it("may call only what reads, writes and computes", () => {
    const { linux } = preparerSpec({ ...ORDER, seccomp: "filter" });
    const text = JSON.stringify(linux?.["seccomp"]);
    expect(text).to.match(/^\{"defaultAction":"SCMP_ACT_ERRNO"/);
    for (const name of ["read", "write", "mmap", "execve", "futex"]) expect(text).to.include(`"${name}"`);
    for (const name of [
      ..."socket connect bind sendto unshare setns mount umount2 ptrace kill chmod fchmod chown unlink rename mkdir".split(
        " ",
      ),
      ..."clone3 bpf keyctl io_uring_setup userfaultfd perf_event_open process_vm_readv memfd_create symlink link".split(
        " ",
      ),
    ]) {
      expect(text).to.not.include(`"${name}"`);
    }
  });
});

import { expect } from "chai";
import { describe, it } from "mocha";
import { caught } from "./caught.test.ts";
import { runningDifference } from "./running-difference.ts";

/** As containerd 1.7.24 says it through CRI; shortened. */
const RUNNING_1 = {
  containerd: {
    snapshotter: "overlayfs",
    defaultRuntimeName: "runc",
    runtimes: {
      runc: {
        runtimeType: "io.containerd.runc.v2",
        options: { BinaryName: "/usr/sbin/runc", IoGid: 0 },
        sandboxMode: "podsandbox",
      },
      "Spin_v2.x": { runtimeType: "/opt/x/spin", options: null, sandboxMode: "podsandbox" },
    },
  },
  cni: { binDir: "/usr/lib/cni", confDir: "/etc/cni/net.d" },
  registry: { configPath: "", mirrors: null },
  sandboxImage: "pause:1",
  restrictOOMScoreAdj: true,
};
const DUMP_1 = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "pause:1"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = ""
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/etc/cni/net.d"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
sandbox_mode = ""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "/usr/sbin/runc"
SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes."Spin_v2.x"]
runtime_type = "/opt/x/spin"
`;
/** As containerd 2.1.9 says it, which keeps what is about images to itself. */
const RUNNING_2 = {
  containerd: {
    defaultRuntimeName: "runc",
    runtimes: { runc: { runtimeType: "io.containerd.runc.v2", options: null } },
  },
  cni: { binDir: "", binDirs: ["/usr/lib/cni", "/opt/cni/bin"], confDir: "/etc/cni/net.d" },
  restrictOOMScoreAdj: false,
};
const DUMP_2 = `version = 3
[plugins.'io.containerd.cri.v1.images']
snapshotter = 'overlayfs'
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = false
[plugins.'io.containerd.cri.v1.runtime'.containerd]
default_runtime_name = 'runc'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'
options = { Root = '', SystemdCgroup = false }
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dir = ''
bin_dirs = ['/usr/lib/cni', '/opt/cni/bin']
conf_dir = '/etc/cni/net.d'
`;

function paths(running: unknown, dump: string, ownHandlers: readonly string[] = []): readonly string[] {
  return runningDifference({ configJson: JSON.stringify(running), dump, ownHandlers }).map(({ path }) => path);
}

describe("runningDifference()", () => {
  it("finds nothing where nothing was changed", () => {
    expect([...paths(RUNNING_1, DUMP_1), ...paths(RUNNING_2, DUMP_2)]).to.deep.equal([]);
  });

  const spin = 'containerd.runtimes."Spin_v2.x"';
  const cases: readonly (readonly [was: string, is: string, expected: readonly string[]])[] = [
    ['sandbox_image = "pause:1"', 'sandbox_image = "pause:2"', ["sandbox_image"]],
    ["restrict_oom_score_adj = true", "restrict_oom_score_adj = false", ["restrict_oom_score_adj"]],
    ['config_path = ""', 'config_path = "/certs.d"', ["registry.config_path"]],
    ['bin_dir = "/usr/lib/cni"', 'bin_dir = "/opt/cni/bin"', ["cni.bin_dir"]],
    ["/etc/cni/net.d", "/etc/cni/other", ["cni.conf_dir"]],
    ['"overlayfs"', '"native"', ["containerd.snapshotter"]],
    ['default_runtime_name = "runc"', 'default_runtime_name = "x"', ["containerd.default_runtime_name"]],
    ["io.containerd.runc.v2", "io.containerd.runc.v1", ["containerd.runtimes.runc.runtime_type"]],
    ["/usr/sbin/runc", "/usr/bin/crun", ["containerd.runtimes.runc.options.BinaryName"]],
    ["SystemdCgroup = false", "SystemdCgroup = true", ["containerd.runtimes.runc.options.SystemdCgroup"]],
    ["SystemdCgroup = false", 'Root = ""', []],
    ["SystemdCgroup = false", "IoGid = 0", []],
    ["SystemdCgroup = false", "IoGid = 1", ["containerd.runtimes.runc.options.IoGid"]],
    ["/opt/x/spin", "/opt/y/spin", [`${spin}.runtime_type`]],
    ['"Spin_v2.x"', '"spin_v2.x"', [spin, 'containerd.runtimes."spin_v2.x"']],
    ['sandbox_mode = ""', 'snapshotter = "x"', []],
  ];
  for (const [was, is, expected] of cases) {
    it(`finds ${expected.join(", ") || "nothing"} when ${was} becomes ${is}`, () => {
      expect(paths(RUNNING_1, DUMP_1.replace(was, is))).to.deep.equal(expected);
    });
  }

  it("compares lists", () => {
    expect(paths(RUNNING_2, DUMP_2.replace(", '/opt/cni/bin'", ""))).to.deep.equal(["cni.bin_dirs"]);
  });

  it("leaves our own handlers out, on either side", () => {
    const more = `${DUMP_1}[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.new]\nruntime_type = "/x"\n`;
    expect(paths(RUNNING_1, more)).to.deep.equal(["containerd.runtimes.new"]);
    expect(paths(RUNNING_1, more, ["new"])).to.deep.equal([]);
    expect(paths(RUNNING_1, DUMP_1.replace("/opt/x/spin", "/y"), ["Spin_v2.x"])).to.deep.equal([]);
  });

  it("tells both values", () => {
    const configJson = JSON.stringify({ ...RUNNING_1, sandboxImage: "pause:9" });
    expect(runningDifference({ configJson, dump: DUMP_1, ownHandlers: [] })).to.deep.equal([
      { path: "sandbox_image", running: "pause:9", onDisk: "pause:1" },
    ]);
  });

  for (const [what, configJson, dump] of [
    ["what is not JSON", "x", DUMP_1],
    ["JSON that is no object", "[]", DUMP_1],
    ["a dump that is not TOML", "{}", "x"],
    ["a dump without CRI", "{}", "version = 3"],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(caught(() => runningDifference({ configJson, dump, ownHandlers: [] }))).to.have.property(
        "code",
        "ConfigInvalid",
      );
    });
  }
});

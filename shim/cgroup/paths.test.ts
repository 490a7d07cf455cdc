import { expect } from "chai";
import { describe, it } from "mocha";
import { cgroupOfProcess, cgroupOfSpec, parseCgroupMounts, parseProcessCgroup, type CgroupPaths } from "./paths.ts";

const V2 = parseCgroupMounts("30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
const V1 = parseCgroupMounts(`22 1 8:1 / / rw - ext4 /dev/sda1 rw
24 22 0:25 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755
31 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
32 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
33 24 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
34 24 0:28 / /mnt/again rw - cgroup cgroup rw,memory
`);
const HYBRID = parseCgroupMounts(`31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
36 24 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`);
const CONTAINED = parseCgroupMounts(
  String.raw`31 24 0:27 /docker/1 /sys/fs/c\040group/memory rw - cgroup cgroup rw,memory`,
);

describe("parseProcessCgroup()", () => {
  it("finds the one folder of version 2", () => {
    expect(parseProcessCgroup("0::/kubepods/pod1/c1\n", V2)).to.deep.equal(v2("/kubepods/pod1/c1"));
    expect(parseProcessCgroup("0::/\n", V2)).to.deep.equal(v2(""));
  });

  it("finds a folder for each controller of version 1", () => {
    const text =
      "5:name=systemd:/init\n4:memory:/kubepods/a:b\n3:cpu,cpuacct:/kubepods/c\n2:perf_event:/\n0::/ignored\n";
    expect(parseProcessCgroup(text, V1)).to.deep.equal(
      v1({
        cpu: "/sys/fs/cgroup/cpu,cpuacct/kubepods/c",
        cpuacct: "/sys/fs/cgroup/cpu,cpuacct/kubepods/c",
        memory: "/sys/fs/cgroup/memory/kubepods/a:b",
        "name=systemd": "/sys/fs/cgroup/systemd/init",
      }),
    );
  });

  it("goes by version 1 on a machine that has both", () => {
    expect(parseProcessCgroup("4:memory:/a\n0::/b\n", HYBRID)).to.deep.equal(v1({ memory: "/sys/fs/cgroup/memory/a" }));
  });

  it("counts from the cgroup that a mount shows", () => {
    const memory = { memory: "/sys/fs/c group/memory/inner" };
    expect(parseProcessCgroup("4:memory:/docker/1/inner", CONTAINED)).to.deep.equal(v1(memory));
    expect(parseProcessCgroup("4:memory:/docker/1", CONTAINED)).to.deep.equal(v1({ memory: "/sys/fs/c group/memory" }));
    expect(parseProcessCgroup("4:memory:/inner", CONTAINED)).to.deep.equal(v1(memory));
  });

  for (const text of ["", "garbage", "0::relative", "0::/a (deleted)"]) {
    it(`finds nothing in "${text}"`, () => {
      expect(parseProcessCgroup(text, V2)).to.equal(undefined);
      expect(parseProcessCgroup(text, V1)).to.equal(undefined);
    });
  }
});

describe("cgroupOfProcess()", () => {
  it("finds nothing of a process that does not exist", () => {
    expect(cgroupOfProcess(0x7f_ff_ff_ff, V2)).to.equal(undefined);
  });

  it("finds this process", () => {
    expect(cgroupOfProcess(process.pid, { ...V2, controllers: new Map() })).to.have.property("version", 2);
  });
});

describe("cgroupOfSpec()", () => {
  const units: readonly (readonly [cgroupsPath: string, path: string])[] = [
    ["/kubepods/burstable/pod1/c1", "/kubepods/burstable/pod1/c1"],
    ["/", ""],
    [
      "kubepods-burstable-pod1_2.slice:cri-containerd:c1",
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-c1.scope",
    ],
    ["system.slice:docker:c1", "/system.slice/docker-c1.scope"],
    [":docker:c1", "/system.slice/docker-c1.scope"],
    ["-.slice:docker:c1", "/docker-c1.scope"],
    ["system.slice::c1", "/system.slice/c1.scope"],
    ["system.slice:x:own.slice", "/system.slice/own.slice"],
  ];
  for (const [cgroupsPath, path] of units) {
    it(`is right for "${cgroupsPath}"`, () => {
      expect(cgroupOfSpec(cgroupsPath, V2)).to.deep.equal(v2(path));
    });
  }

  it("has a folder for each controller of version 1", () => {
    const paths = cgroupOfSpec("/a", V1);
    expect(paths).to.have.property("folders").that.includes.keys("cpu", "cpuacct", "memory", "name=systemd");
    expect(paths?.version === 1 && paths.folders.get("memory")).to.equal("/sys/fs/cgroup/memory/a");
  });

  it("does not know a path that is relative", () => {
    expect(cgroupOfSpec("a/b", V2)).to.equal(undefined);
    expect(cgroupOfSpec("", V2)).to.equal(undefined);
  });

  const refused: readonly (readonly [cgroupsPath: string, message: RegExp])[] = [
    ["a:b", /^Cannot use linux\.cgroupsPath "a:b": it is neither a path nor slice:prefix:name: let kubelet's/],
    ["a.slice:b:c:d", /it is neither/],
    ["a.slice:b:", /it is neither/],
    ["/kubepods/pod1:x:c", /"\/kubepods\/pod1" is no name of a slice/],
    ["a--b.slice:x:c", /"a--b\.slice" is no name of a slice/],
    ["/a.slice:x:c", /no name of a slice/],
    ["/a/../../b", /"\.\." leads out of it/],
    ["a.slice:x:../../c", /"\.\." leads out of it/],
  ];
  for (const [cgroupsPath, message] of refused) {
    it(`refuses "${cgroupsPath}"`, () => {
      expect(() => cgroupOfSpec(cgroupsPath, V2))
        .to.throw(message)
        .with.property("code", "PATH_INVALID");
    });
  }
});

function v2(path: string): CgroupPaths {
  return { version: 2, folder: `/sys/fs/cgroup${path}` };
}

function v1(folders: Readonly<Record<string, string>>): CgroupPaths {
  return { version: 1, folders: new Map(Object.entries(folders)) };
}

import { expect } from "chai";
import { describe, it } from "mocha";
import { parseHierarchies } from "./cgroups.ts";

describe("parseHierarchies()", () => {
  it("finds the trees of version 1 and the one of version 2 beside them", () => {
    const mountinfo = [
      "24 1 253:0 / / rw,relatime - ext4 /dev/vda rw",
      "30 24 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
      "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
      "32 30 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/x,name=systemd",
      "33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate",
      "34 24 0:30 / /mnt/cgroup rw - cgroup cgroup rw,pids",
    ].join("\n");
    expect(parseHierarchies(mountinfo)).to.deep.equal([
      { path: "/sys/fs/cgroup/cpu,cpuacct", type: "cgroup", options: "cpu,cpuacct" },
      { path: "/sys/fs/cgroup/systemd", type: "cgroup", options: "none,name=systemd" },
      { path: "/sys/fs/cgroup/unified", type: "cgroup2", options: "-" },
    ]);
  });

  it("finds version 2 alone", () => {
    const mountinfo = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
    expect(parseHierarchies(mountinfo)).to.deep.equal([{ path: "/sys/fs/cgroup", type: "cgroup2", options: "-" }]);
  });

  it("finds nothing on a machine without cgroups", () => {
    expect(parseHierarchies("24 1 253:0 / / rw - ext4 /dev/vda rw\n")).to.deep.equal([]);
  });
});

import { expect } from "chai";
import { describe, it } from "mocha";
import { mountPointsBelow } from "./mount-points.ts";

const MOUNT_INFO = [
  "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw",
  "30 22 0:26 / /b/rootfs rw - overlay overlay rw,lowerdir=/x",
  "31 30 0:27 / /b/rootfs/with\\040space rw - tmpfs tmpfs rw",
  "32 22 0:28 / /b/rootfs2 rw - tmpfs tmpfs rw",
  "33 30 0:29 / /b/rootfs rw - tmpfs tmpfs rw",
  "34 30 0:30 / /b/rootfs/back\\134slash rw - tmpfs tmpfs rw",
  "",
].join("\n");

describe("mountPointsBelow()", () => {
  it("finds each mount at or below the path, also twice the same, and no neighbour", () => {
    expect(mountPointsBelow(MOUNT_INFO, "/b/rootfs")).to.deep.equal([
      "/b/rootfs",
      "/b/rootfs/with space",
      "/b/rootfs",
      "/b/rootfs/back\\slash",
    ]);
  });

  it("finds none where nothing is mounted", () => {
    expect(mountPointsBelow(MOUNT_INFO, "/b/root")).to.deep.equal([]);
  });

  it("finds all below the root", () => {
    expect(mountPointsBelow(MOUNT_INFO, "/")).to.have.length(6);
  });
});

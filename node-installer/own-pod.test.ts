import { expect } from "chai";
import { describe, it } from "mocha";
import { podUidFrom } from "./own-pod.ts";

const UID = "0b0f2a6e-5a3c-4a7e-9d62-3f1f0f0c8a11";
const VOLUME = "volumes/kubernetes.io~empty-dir/artifact";

describe("podUidFrom()", () => {
  const table: readonly (readonly [what: string, mounts: readonly string[], uid: string | undefined])[] = [
    ["the kubelet's own folder", [line(`/var/lib/kubelet/pods/${UID}/${VOLUME}`)], UID],
    ["another folder of its own", [line(`/var/snap/microk8s/common/var/lib/kubelet/pods/${UID}/${VOLUME}`)], UID],
    ["a disk that is mounted where the pods lie", [line(`/${UID}/${VOLUME}`)], UID],
    ["one mount over another", [line(`/pods/other/${VOLUME}`), line(`/pods/${UID}/${VOLUME}`)], UID],
    ["a volume of another name in its place", [line(`/pods/${UID}/volumes/kubernetes.io~empty-dir/a`)], UID],
    ["nothing of a volume in memory", [line("/")], undefined],
    ["nothing of another kind of volume", [line(`/pods/${UID}/volumes/kubernetes.io~nfs/artifact`)], undefined],
    ["nothing of a folder below a volume", [line(`/pods/${UID}/${VOLUME}/below`)], undefined],
    ["nothing of a volume at another place", [line(`/pods/${UID}/${VOLUME}`, "/tmp")], undefined],
    ["nothing where no volume is", [], undefined],
  ];
  for (const [what, mounts, uid] of table) {
    it(`tells ${what}`, () => {
      expect(podUidFrom([line("/", "/"), ...mounts, line("/x", "/artifacts"), ""].join("\n"))).to.equal(uid);
    });
  }
});

/** @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
function line(root: string, mountPoint = "/artifact"): string {
  return `2114 2090 8:1 ${root} ${mountPoint} rw,relatime master:1 - ext4 /dev/sda1 rw`;
}

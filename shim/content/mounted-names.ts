import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

const PROCESS = /^\d+$/;

/**
 * What is mounted in any of the node's mount namespaces, by name: says of a path whether something of that name is. A
 * container's mounts are in its own namespace only, so its processes are asked.
 */
export function mountedNames(): (path: string) => boolean {
  const seen = new Set<string>();
  const mounts: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => PROCESS.test(name))) {
    try {
      const namespace = readlinkSync(`/proc/${pid}/ns/mnt`);
      if (seen.has(namespace)) continue;
      mounts.push(readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
      seen.add(namespace);
    } catch {
      // It has ended.
    }
  }
  const text = mounts.join("");
  return (path) => text.includes(`/${basename(path)}`);
}

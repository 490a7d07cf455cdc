import { readdirSync } from "node:fs";

/** The sizes of huge pages for which the cgroup has files, e.g. "2MB". */
export function pageSizesIn(folder: string, pattern: RegExp): readonly string[] {
  try {
    return readdirSync(folder).flatMap((name) => pattern.exec(name)?.[1] ?? []);
  } catch {
    return []; // Gone, as the caller will see.
  }
}

import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContainerd } from "./test-containerd.ts";

/** A runc that comes before the real one in PATH and, when it is told to, fails one of its commands. */
export class Faults {
  readonly folder: string;
  readonly #wanted: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#wanted = join(folder, "wanted");
  }

  static async plant(containerd: TestContainerd): Promise<Faults> {
    const faults = new Faults(join(containerd.folder, "faults"));
    await mkdir(faults.folder, { recursive: true });
    await faults.clear();
    const runc = join(faults.folder, "runc");
    await writeFile(runc, script(faults.#wanted));
    await chmod(runc, 0o755);
    return faults;
  }

  async set(verb: string, how: "fail" | "hang" = "fail"): Promise<void> {
    await writeFile(this.#wanted, `${verb} ${how}\n`);
  }

  async clear(): Promise<void> {
    await rm(this.#wanted, { force: true });
  }
}

/** It says why as runc does: in the file that \`--log\` names, as JSON, and on stderr. */
function script(wanted: string): string {
  return `#!/bin/sh
if [ -e ${wanted} ]; then
  read -r verb how < ${wanted}
  log= previous=
  for word; do
    [ "$previous" = --log ] && log=$word
    previous=$word
    if [ "$word" = "$verb" ]; then
      [ "$how" = hang ] && exec sleep 1000
      [ -n "$log" ] && echo '{"level":"error","msg":"planted fault in '"$verb"'","time":"2026-01-01T00:00:00Z"}' >> "$log"
      echo "planted fault in $verb" >&2
      exit 1
    fi
  done
fi
exec /usr/sbin/runc "$@"
`;
}

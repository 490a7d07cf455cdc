import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DeleteResponse } from "../proto/task.ts";

/** In the bundle: says that nothing of the container is left, and what the command `delete` is to answer. */
const FILE = "deleted";

/**
 * Spares containerd's command `delete` the start of Node: the launcher gives this answer (shim/launcher/answer.h). Without
 * it the command looks for itself.
 */
export function recordDeletion(bundle: string, response: DeleteResponse): void {
  try {
    writeFileSync(join(bundle, FILE), DeleteResponse.encode(response), { mode: 0o600 });
  } catch {
    // Then there is none, or an empty one, which does not count: what is so short is written at once.
  }
}

export function forgetDeletion(bundle: string): void {
  rmSync(join(bundle, FILE), { force: true });
}

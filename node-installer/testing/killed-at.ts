import { AsyncLocalStorage } from "node:async_hooks";
import { constants } from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

/** What changes files, or begins to; `open` in order to write. */
const CHANGES = ["copyFile", "mkdir", "open", "rename", "rm", "rmdir", "symlink", "writeFile"] as const;

/**
 * Work that dies as a process does that is killed: what it has asked the kernel for is still done, from then on it does
 * nothing more, and has no file open.
 */
interface Mortal {
  readonly killAt: number;
  readonly killed: PromiseWithResolvers<true>;
  readonly asked: Promise<unknown>[];
  readonly files: FileHandle[];
  count: number;
}

const mortals = new AsyncLocalStorage<Mortal>();

/**
 * Does `work` until its n-th change of a file, before which it is killed: no `catch` and no `finally` of it comes.
 *
 * @returns whether it came so far; else it is done.
 */
export async function killedAt(step: number, work: () => Promise<unknown>): Promise<boolean> {
  const mortal: Mortal = { killAt: step, killed: Promise.withResolvers(), asked: [], files: [], count: 0 };
  const originals = CHANGES.map((name) => [name, promises[name]] as const);
  for (const [name, original] of originals) replace(name, mortalVersion(name, original));
  try {
    return await Promise.race([mortal.killed.promise, mortals.run(mortal, work).then(() => false)]);
  } finally {
    await Promise.allSettled(mortal.asked);
    await Promise.all(mortal.files.map(async (file) => file.close()));
    for (const [name, original] of originals) replace(name, original);
  }
}

/** Named imports of it, too, are this one then. */
function replace(name: (typeof CHANGES)[number], version: unknown): void {
  Object.assign(promises, { [name]: version });
  syncBuiltinESMExports();
}

function mortalVersion(name: string, original: CallableFunction) {
  return async (...args: readonly unknown[]): Promise<unknown> => {
    const mortal = mortals.getStore();
    if (mortal !== undefined && isChange(name, args)) mortal.count += 1;
    if (mortal !== undefined && mortal.count >= mortal.killAt) {
      mortal.killed.resolve(true);
      return new Promise(() => undefined);
    }
    const asked = Promise.resolve<unknown>(Reflect.apply(original, promises, args)).then((result) => {
      if (isFile(result)) mortal?.files.push(result);
      return result;
    });
    mortal?.asked.push(asked);
    return asked;
  };
}

function isChange(name: string, [, flags]: readonly unknown[]): boolean {
  if (name !== "open") return true;
  return typeof flags === "number" ? (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0 : flags !== "r";
}

function isFile(result: unknown): result is FileHandle {
  return typeof result === "object" && result !== null && "fd" in result;
}

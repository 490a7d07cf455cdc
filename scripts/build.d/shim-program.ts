import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../build-error.ts";
import type { ProgramInParts } from "./bundle-parts.ts";
import { runCommand } from "./run-command.ts";

/**
 * Flags that Node starts with. They may not change the hash that V8 keeps of its flags (as --single-threaded or
 * --expose-gc do): Node's own modules would have to be compiled at each start, which takes 8 ms.
 */
const NODE_FLAGS = [
  "--no-warnings", // containerd reads what `start` writes to stderr as the address.
  "--max-semi-space-size=1",
  "--single-threaded-gc",
  "--v8-pool-size=1", // Not one thread for each of the node's processors, which 0 means.
  "--disable-sigusr1",
  "--no-addons",
];

/** Otherwise the hashes of strings are random, and with them the order of what is in the code cache. */
const FIXED_HASHES = "--no-rehash-snapshot";

/**
 * Compiles all functions of the program now, not each when it is first called: of the 70 ms of processor time that a
 * shim takes for a pod of one container this saves 12, for 0.4 MB. (A cache of those alone that are called saves as much.)
 */
const EAGER = "--no-lazy";

/** Of V8's code cache: magic number and V8's version, length of the source, flags; the last ones of four bytes each. */
const CACHE = { origin: 8, flags: 12, end: 16 };

/** Compiles the scripts that are named; prints what a cache begins with. */
const COMPILE = `
const { readFileSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");
for (const name of process.argv.slice(1)) {
  const script = new Script(readFileSync(name + ".cjs", "latin1"), { filename: name + ".cjs" });
  writeFileSync(name + ".cache", script.createCachedData());
}
process.stdout.write(new Script("0").createCachedData().toString("hex", 0, ${String(CACHE.end)}));`;

export interface ProgramWithAssets extends Pick<ProgramInParts, "code" | "parts"> {
  /** Files that it has for node:sea's `getRawAsset()`, by name. */
  readonly assets: readonly { readonly name: string; readonly path: string }[];
}

/**
 * The program, with Node's flags and its compiled code, in the form that Node looks for in its own file, and its parts
 * for shim/load-part.ts. NODE_OPTIONS does not count.
 *
 * @param node command that runs the Node of the platform that the program is for
 * @throws {BuildError} `COMMAND_FAILED` if Node fails
 */
export async function shimProgram(
  node: readonly string[],
  { code, parts, assets }: ProgramWithAssets,
  work: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const names = parts.map(({ name }) => name);
  const files = names.flatMap((name) => [`${name}.cjs`, `${name}.cache`]);
  const settings = {
    main: "containerd-shim-spin-v2.cjs", // Seen in stack traces.
    output: "program",
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: NODE_FLAGS,
    execArgvExtension: "cli",
    assets: Object.fromEntries([
      ...files.map((file) => [file, file] as const),
      ...assets.map(({ name, path }) => [name, path] as const),
    ]),
  };
  await writeFile(join(work, settings.main), code);
  await writeFile(join(work, "program.json"), JSON.stringify(settings));
  for (const part of parts) {
    const text = Buffer.from(part.code).toString("latin1");
    await writeFile(join(work, `${part.name}.cjs`), `(function(exports,require,module){${text}\n})`, "latin1");
  }
  async function run(...args: readonly string[]): Promise<string> {
    const [command = "", ...first] = [...node, ...NODE_FLAGS];
    return await runCommand(command, [...first, ...args], { cwd: work }, signal);
  }
  await run(FIXED_HASHES, "-e", COMPILE, ...names);
  await run(FIXED_HASHES, EAGER, "--experimental-sea-config", "program.json");
  const wanted = Buffer.from(await run("-e", COMPILE), "hex");
  return withFlags(wanted, names.length + 1, await readFile(join(work, settings.output)));
}

/** V8 takes a cache only if it was made with the flags that it has itself; FIXED_HASHES and EAGER do not matter to the code. */
function withFlags(header: Buffer, caches: number, program: Buffer): Buffer {
  const origin = header.subarray(0, CACHE.origin);
  let found = 0;
  for (let at = program.indexOf(origin); at !== -1; at = program.indexOf(origin, at + 1)) {
    header.copy(program, at + CACHE.flags, CACHE.flags);
    found += 1;
  }
  if (header.length === CACHE.end && found === caches) return program;
  throw new BuildError(
    "COMMAND_FAILED",
    `Cannot find the code caches in the program: there are ${String(found)} in place of ${String(caches)}`,
  );
}

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../build-error.ts";
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

/** Of V8's code cache: magic number, V8's version, length of the source, flags; four bytes each. */
const CACHE = { origin: 8, flags: 12, end: 16 };
const PRINT_CACHE_HEADER = `new (require("vm").Script)("0").createCachedData().toString("hex", 0, ${String(CACHE.end)})`;

/**
 * The program, with Node's flags and its compiled code, in the form that Node looks for in its own file. NODE_OPTIONS
 * does not count.
 *
 * @param node command that runs the Node of the platform that the program is for
 * @param code one CommonJS module
 * @throws {BuildError} `COMMAND_FAILED` if Node fails
 */
export async function shimProgram(
  node: readonly string[],
  code: Uint8Array,
  work: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const settings = {
    main: "containerd-shim-spin-v2.cjs", // Seen in stack traces.
    output: "program",
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: NODE_FLAGS,
    execArgvExtension: "none",
  };
  await writeFile(join(work, settings.main), code);
  await writeFile(join(work, "program.json"), JSON.stringify(settings));
  const [command = "", ...args] = [...node, ...NODE_FLAGS];
  await runCommand(
    command,
    [...args, FIXED_HASHES, "--experimental-sea-config", "program.json"],
    { cwd: work },
    signal,
  );
  const header = await runCommand(command, [...args, "-p", PRINT_CACHE_HEADER], {}, signal);
  return withFlagsOf(Buffer.from(header.trim(), "hex"), await readFile(join(work, settings.output)));
}

/** V8 takes a cache only if it was made with the flags that it has itself; FIXED_HASHES does not matter to the code. */
function withFlagsOf(header: Buffer, program: Buffer): Buffer {
  const origin = header.subarray(0, CACHE.origin);
  const at = program.indexOf(origin);
  if (header.length !== CACHE.end || at === -1 || program.includes(origin, at + 1)) {
    throw new BuildError(
      "COMMAND_FAILED",
      "Cannot find the code cache in the program: Node made another number than one",
    );
  }
  header.copy(program, at + CACHE.flags, CACHE.flags);
  return program;
}

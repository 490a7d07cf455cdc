import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
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

/**
 * The program with Node's flags, in the form that Node looks for in its own file. NODE_OPTIONS does not count.
 *
 * @param code one CommonJS module
 * @throws {BuildError} `COMMAND_FAILED` if Node fails
 */
export async function shimProgram(code: Uint8Array, work: string, signal: AbortSignal): Promise<Buffer> {
  const settings = {
    main: "containerd-shim-spin-v2.cjs", // Seen in stack traces.
    output: "program",
    disableExperimentalSEAWarning: true,
    execArgv: NODE_FLAGS,
    execArgvExtension: "none",
  };
  await writeFile(join(work, settings.main), code);
  await writeFile(join(work, "program.json"), JSON.stringify(settings));
  await runCommand(process.execPath, ["--experimental-sea-config", "program.json"], { cwd: work }, signal);
  return await readFile(join(work, settings.output));
}

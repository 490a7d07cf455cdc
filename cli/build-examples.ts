/** For tests: the program in this process, with its input and output in memory. */
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Environment } from "./cluster/surroundings.ts";
import { KUBE } from "./kube.ts";
import type { Program } from "./program.ts";
import { runProgram } from "./run-program.ts";

interface Place {
  readonly cwd?: string;
  readonly env?: Environment;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** The plug-in of Spin unless told. */
  readonly program?: Program;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEADLINE_MS = 20_000;

/** Runs a command line, in a folder without a spin.toml unless told. */
export async function run(args: readonly string[], place: Place = {}): Promise<Outcome> {
  const {
    program = KUBE,
    cwd = import.meta.dirname,
    env = {},
    stdin = "",
    signal = AbortSignal.timeout(DEADLINE_MS),
  } = place;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const written = Promise.all([text(stdout), text(stderr)]);
  const code = await runProgram(program, args, { stdin: Readable.from([stdin]), stdout, stderr, env, cwd }, signal);
  stdout.end();
  stderr.end();
  const [out, problems] = await written;
  return { code, stdout: out, stderr: problems };
}

/** The first line of the standard error output. */
export function firstProblem({ stderr }: Outcome): string {
  return stderr.split("\n", 1)[0] ?? "";
}

import { messageOf } from "@rcm/lib/errors";
import type { CommandIo } from "./commands/command-io.ts";
import { parsePrepare, prepareOnce } from "./commands/prepare.ts";
import { parseRun, run } from "./commands/run.ts";
import { parseServe, serve } from "./commands/serve.ts";

const USAGE = `executor run [FLAGS] FILE.wasm [ARGS...]
executor serve [FLAGS] FILE.wasm
executor up [FLAGS] [FOLDER|spin.toml|spin.json|FILE.wasm] [ARGS...]
executor prepare [--adapters DIR] [--max-memory-bytes N] FILE.wasm > FILE.prepared

  --cache DIR               keep what was prepared there
  --adapters DIR            what makes components of core modules, in place of what is in the shim
  --max-memory-bytes N      else SPIN_MAX_INSTANCE_MEMORY, 1 GiB
run and serve:
  --prepared FILE           what "prepare" wrote of the component, with the same --max-memory-bytes
  --env NAME=VALUE          a variable for the guest (again for more)
  --inherit-env             all variables of this process
  --dir HOST[::GUEST][:ro]  a folder for the guest (again for more)
  --allow-network           sockets and name lookup
  --allow-host HOST[:PORT]  outgoing requests only there (again for more; *.example.com)
up:
  --component ID            only this one (again for more); else SPIN_COMPONENTS_TO_RETAIN, all
  --variable NAME=VALUE     of the application (again for more); else SPIN_VARIABLE_NAME
  --runtime-config FILE     stores, databases and providers of variables
  --state-dir DIR           of stores that say nothing else; else .spin beside the manifest
  --certificates FILE       trusted in place of Node's
serve and up:
  --listen IP:PORT          else SPIN_HTTP_LISTEN_ADDR, WASMTIME_HTTP_PROXY_SOCKET_ADDR, PORT, 127.0.0.1:8080
  --pod                     as in a pod: 0.0.0.0:80, many threads, time for clients to turn away at the end
  --max-threads N           when one has no time left, where there are as many processors; by hand 1
  --request-ms N            from a request's head to its guest's end (300000)
  --compute-ms N            time in which its guest computes; waiting does not count (30000)
  --max-concurrent N        requests at a time in one thread (128)
  --max-queued N            further ones that wait for their turn; the rest is answered 503 (1024)
  --queue-ms N              how long one waits before it is answered 503 (30000)
  --max-body-bytes N        of a request (no limit)
  --max-header-bytes N      of a request, all fields together (65536)
  --linger-ms N             after the signal to stop: goes on until no request has come for so long (0; with --pod 2000)
  --grace-ms N              after the signal to stop: time for requests to end by themselves (25000)
`;

const EXIT_USAGE = 2;
const HELP: ReadonlySet<string> = new Set(["--help", "-h"]);

/** Runs `executor run …`, `executor serve …`, `executor up …` or `executor prepare`. Returns the exit code. */
export async function commandLine(args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> {
  // What follows a file is the guest's, also "--help".
  if (args.slice(0, 2).some((word) => HELP.has(word))) {
    io.stdout.write(USAGE);
    return 0;
  }
  try {
    const code = await runCommand(args, io, signal);
    if (code !== undefined) return code;
    io.stderr.write(USAGE);
  } catch (error) {
    io.stderr.write(`${messageOf(error)}\n`);
  }
  return EXIT_USAGE;
}

/** Undefined if there is no such command. */
async function runCommand(
  [command, ...args]: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (command === "serve") return serve(parseServe(args, io.environment), io, signal);
  if (command === "up") {
    const { parseUp, up } = await import("./commands/up.ts");
    return up(parseUp(args, io.environment), io, signal);
  }
  if (command === "prepare") return prepareOnce(parsePrepare(args, io.environment), io);
  if (command === "run") return run(parseRun(args, io.environment), io, signal);
  return undefined;
}

import { messageOf } from "@rcm/lib/errors";
import { shutdownSignal } from "@rcm/lib/shutdown";
import type { CommandIo } from "./commands/command-io.ts";
import { parseRun, run } from "./commands/run.ts";
import { parseServe, serve } from "./commands/serve.ts";

const USAGE = `executor run [FLAGS] FILE.wasm [ARGS...]
executor serve [FLAGS] FILE.wasm

  --env NAME=VALUE          a variable for the guest (again for more)
  --inherit-env             all variables of this process
  --dir HOST[::GUEST][:ro]  a folder for the guest (again for more)
  --allow-network           sockets and name lookup
  --allow-host HOST[:PORT]  outgoing requests only there (again for more; *.example.com)
  --cache DIR               keep what was prepared there
  --max-memory-bytes N      else SPIN_MAX_INSTANCE_MEMORY, 1 GiB
serve:
  --listen IP:PORT          else SPIN_HTTP_LISTEN_ADDR, WASMTIME_HTTP_PROXY_SOCKET_ADDR, PORT, 127.0.0.1:8080
  --pod                     0.0.0.0:80 in place of 127.0.0.1:8080
  --request-ms N  --compute-ms N  --max-concurrent N  --max-queued N  --queue-ms N
  --max-body-bytes N  --max-header-bytes N  --grace-ms N
`;

const EXIT_USAGE = 2;

// No await at the top: the program is bundled as CommonJS, which starts 25 ms sooner.
void main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
}).then((exitCode) => {
  process.exitCode = exitCode;
  return undefined;
});

async function main([command, ...args]: readonly string[], io: CommandIo): Promise<number> {
  const signal = shutdownSignal(process);
  try {
    if (command === "serve") return await serve(parseServe(args, io.environment), io, signal);
    if (command === "run") return await run(parseRun(args, io.environment), io, signal);
    io.stderr.write(USAGE);
  } catch (error) {
    io.stderr.write(`${messageOf(error)}\n`);
  }
  return EXIT_USAGE;
}

/** What shim-build.test.ts builds in place of the shim: shows how it was started, loads a part, or serves as `start` does. */
import { closeSync, openSync, writeSync } from "node:fs";
import { createServer } from "node:net";

const { argv, execArgv, execPath, arch, env } = process;
const address = argv[3] ?? ""; // Of `-id <address> start`.

function show(): void {
  writeSync(1, JSON.stringify({ argv: argv.slice(2), execArgv, execPath, arch, env }));
}

/** What the build keeps in a script of its own. */
async function usePart(): Promise<void> {
  const { parse } = await import("yaml");
  writeSync(1, JSON.stringify(parse("[a part]")));
}

/** Serves one connection, which gets the number of this process, and ends. */
function serve(): void {
  const server = createServer((socket) => {
    socket.end(String(process.pid));
    server.close();
  });
  server.listen(address, () => {
    writeSync(1, address);
    const launcher = Number(env["RCM_LAUNCHER_FD"]);
    for (const fd of [0, 1, 2]) closeSync(fd);
    for (const mode of ["r", "w", "w"]) openSync("/dev/null", mode);
    writeSync(launcher, "0");
    closeSync(launcher);
  });
}

if (argv[2] === "part") void usePart();
else if (argv[2] !== "-id") show();
else if (address === "fail") process.exitCode = 7;
else if (address === "crash") process.abort();
else serve();

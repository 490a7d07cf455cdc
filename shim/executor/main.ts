import { shutdownSignal } from "@rcm/lib/shutdown";
import { commandLine } from "./command-line.ts";

// No await at the top: the program is bundled as CommonJS, which starts 25 ms sooner.
void commandLine(
  process.argv.slice(2),
  { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, environment: process.env },
  shutdownSignal(process),
).then((exitCode) => {
  process.exitCode = exitCode;
  return undefined;
});

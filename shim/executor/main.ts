import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import { shutdownSignal } from "@rcm/lib/shutdown";
import { commandLine } from "./command-line.ts";
import { furtherThread } from "./pod/further-thread.ts";
import { threadStarter } from "./pod/start-thread.ts";

const args = process.argv.slice(2);
const { stdin, stdout, stderr, env: environment } = process;
const threads = { max: availableParallelism(), start: threadStarter(args) };
const { host, signal } = isMainThread ? { host: { threads }, signal: shutdownSignal(process) } : furtherThread();

// No await at the top: the program is bundled as CommonJS, which starts 25 ms sooner.
void commandLine(args, { stdin, stdout, stderr, environment, ...host }, signal).then((exitCode) => {
  process.exitCode = exitCode;
  return undefined;
});

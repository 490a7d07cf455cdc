import { isSea } from "node:sea";
import { Worker } from "node:worker_threads";
import type { ListenAddress } from "../server/listen-address.ts";
import type { ServingThread, StartThread } from "../server/thread-host.ts";

/** What a thread tells the first one. */
export type ThreadNews = "listening" | "quiet";

/** What a thread is started with. */
export interface ThreadData {
  readonly address: ListenAddress;
}

/** Of the program that is one file, this part, with its compiled code: as shim/load-part.ts has it. */
const OF_THE_FILE = `
const { getRawAsset } = require("node:sea");
const { Script } = require("node:vm");
const cachedData = Buffer.from(getRawAsset("executor.cache"));
const text = Buffer.from(getRawAsset("executor.cjs")).toString("latin1");
const part = { exports: {} };
new Script(text, { filename: "executor.cjs", cachedData }).runInThisContext()(part.exports, require, part);
void part.exports.executorThread(process);`;

/** @param args the program's own: the thread does the same. */
export function threadStarter(args: readonly string[]): StartThread {
  return (address, onQuiet) => {
    const workerData: ThreadData = { address };
    const options = { argv: [...args], workerData, name: "server" };
    const worker = isSea()
      ? new Worker(OF_THE_FILE, { ...options, eval: true })
      : new Worker(process.argv[1] ?? "", options);
    return servingThread(worker, onQuiet);
  };
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

function servingThread(worker: Worker, onQuiet: () => void): ServingThread {
  const listening = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Error | undefined>();
  let failure: Error | undefined;
  worker.on("message", (news: ThreadNews) => {
    if (news === "quiet") onQuiet();
    else listening.resolve();
  });
  worker.on("error", (error) => {
    failure = toError(error);
  });
  worker.on("exit", (code) => {
    listening.reject(failure ?? new Error(`The thread has ended with ${String(code)}`));
    ended.resolve(failure);
  });
  return {
    listening: listening.promise,
    ended: ended.promise,
    stop: () => {
      // eslint-disable-next-line unicorn/require-post-message-target-origin -- A thread has no origin.
      worker.postMessage("stop");
    },
    kill: () => void worker.terminate(),
  };
}

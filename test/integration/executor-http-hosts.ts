import { type ChildProcessByStdio, spawn } from "node:child_process";
import http from "node:http";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { hasCode } from "@rcm/lib/errors";
import { wasmtimeProgram } from "../guests/wasmtime-program.ts";
import { ExecutorProcess } from "../support/executor-process.ts";

const ANSWER_MS = 20_000;
const BODY = "body of 18 bytes..";

/** A program that serves a component. */
export interface Host {
  readonly port: number;
  /** What its guests wrote to their standard error, among other things. */
  log(): string;
  stop(): Promise<void>;
}

export async function serveByExecutor(component: string): Promise<Host> {
  const executor = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", "--allow-network", component]);
  return {
    port: await executor.port(),
    log: () => executor.stderr,
    async stop() {
      await executor.stop();
    },
  };
}

export async function serveByWasmtime(component: string): Promise<Host> {
  const rights = ["-S", "cli,inherit-network"];
  const child: ChildProcessByStdio<null, null, Readable> = spawn(
    await wasmtimeProgram(),
    ["serve", ...rights, "--addr", "127.0.0.1:0", component],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.stderr.setEncoding("utf8").on("data", (more: string) => {
    log += more;
    const port = /^Serving HTTP on http:\/\/127\.0\.0\.1:(\d+)\/$/m.exec(log)?.[1];
    if (port !== undefined) resolve(Number(port));
  });
  const closed = new Promise<void>((close) => child.once("close", () => close()));
  child.once("close", () => {
    reject(new Error(`wasmtime does not serve: ${log}`));
  });
  return {
    port: await promise,
    log: () => log,
    async stop() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/**
 * A request with a body and a trailer, and its answer in lines: status, body, trailers; or how it was broken off. Over a
 * connection of its own: one that was kept may end just then.
 */
export async function answerOf({ port }: Host, path: string): Promise<string[]> {
  const agent = new http.Agent({ keepAlive: true });
  try {
    return await answerBy(agent, port, path);
  } finally {
    agent.destroy();
  }
}

async function answerBy(agent: http.Agent, port: number, path: string): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = http.request({
    host: "127.0.0.1",
    port,
    path,
    agent,
    method: "POST",
    headers: { host: "the.host:1", "X-Mixed": "Value", "x-twice": ["1", "2"], te: "trailers", trailer: "x-a" },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  request.once("response", resolve).once("error", reject);
  request.write(BODY);
  request.addTrailers({ "x-a": "b" });
  request.end();
  try {
    const response = await promise;
    return await linesOf(response);
  } catch (error) {
    if (hasCode(error, "ECONNRESET")) return ["broken off"];
    throw error;
  }
}

async function linesOf(response: http.IncomingMessage): Promise<string[]> {
  const body = await text(response);
  const status = `status ${response.statusCode}`;
  if (response.statusCode === 500) return [status]; // The text is each host's own.
  const trailers = response.rawTrailers.length === 0 ? [] : [`trailers ${response.rawTrailers.join(" ")}`];
  return [status, ...body.split("\n").filter((line) => line !== ""), ...trailers];
}

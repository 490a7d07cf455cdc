/**
 * Opens sockets in every way that this program could, and prints what came of it as JSON:
 *
 *     node close-network-child.ts open|closed TCP_PORT UNIX_SOCKET
 */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import type { EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { closeNetwork } from "./close-network.ts";

/** "open", or the error's code. */
async function outcome(socket: EventEmitter, event: string): Promise<string> {
  return new Promise((resolve) => {
    socket.on(event, () => resolve("open"));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

async function tryTcp(port: number, host: string): Promise<string> {
  return outcome(connect(port, host), "connect");
}

async function tryThread(port: number): Promise<string> {
  const worker = new Worker(import.meta.filename, { workerData: port });
  return new Promise((resolve) => {
    worker.on("message", resolve);
  });
}

function tryChild(port: number): string {
  try {
    execFileSync("bash", ["-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`], { stdio: ["ignore", "ignore", "pipe"] });
    return "open";
  } catch (error) {
    return String(error).includes("Permission denied") ? "EACCES" : String(error);
  }
}

async function main([mode, tcpPort, unixSocket = ""]: readonly string[]): Promise<void> {
  const port = Number(tcpPort);
  await readFile(import.meta.filename); // The threads of the pool are older than the filter.
  if (mode === "closed") closeNetwork();
  const results = {
    tcp: await tryTcp(port, "127.0.0.1"),
    tcp6: await tryTcp(port, "::1"),
    udp: await outcome(createSocket("udp4").bind(0), "listening"),
    thread: await tryThread(port),
    child: tryChild(port),
    unix: await outcome(connect(unixSocket), "connect"),
  };
  process.stdout.write(JSON.stringify(results), () => process.exit());
}

if (isMainThread) await main(process.argv.slice(2));
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
else parentPort?.postMessage(await tryTcp(Number(workerData), "127.0.0.1"));

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../cluster/free-port.ts";

const START_MS = 30_000;
const POLL_MS = 20;

/** Debian's Redis server, which keeps nothing on disk. */
export class RedisServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "rcm-redis-"));
  readonly #host: string;
  #process: ChildProcess | undefined = undefined;
  readonly #pki: string | undefined;
  #port = 0;
  #tlsPort = 0;

  /**
   * @param host - of the machine, where it listens. Everybody may use it there.
   * @param pki - a folder with `server.crt` and `server.key`: then it has a port for TLS too.
   */
  constructor(host = "127.0.0.1", pki?: string) {
    this.#host = host;
    this.#pki = pki;
  }

  /** For TLS; at the name `localhost`. */
  get tlsAddress(): string {
    return `rediss://localhost:${this.#tlsPort}`;
  }

  /** @returns the address of its first database, without the number. */
  async start(): Promise<string> {
    this.#port = this.#port === 0 ? await freePort(this.#host) : this.#port;
    const listen = ["--port", String(this.#port), "--bind", this.#host, "--protected-mode", "no"];
    if (this.#pki !== undefined) listen.push(...(await this.#tlsArguments(this.#pki)));
    this.#process = spawn("redis-server", [...listen, "--save", "", "--dir", this.#folder], { stdio: "ignore" });
    await once(this.#process, "spawn");
    const endMs = performance.now() + START_MS;
    while (!(await answers(this.#port, this.#host))) {
      if (performance.now() > endMs) throw new Error(`The Redis server does not listen on port ${this.#port}`);
      await delay(POLL_MS);
    }
    return `redis://${this.#host}:${this.#port}`;
  }

  /** What it holds is lost; it can be started again at the same address. */
  async stop(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined) return;
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  }

  /** @returns how many listened to the channel. */
  async publish(channel: string, payload: string | Buffer): Promise<number> {
    const socket = connect(this.#port, this.#host);
    const bytes = Buffer.from(payload);
    socket.write(`*3\r\n$7\r\nPUBLISH\r\n$${channel.length}\r\n${channel}\r\n$${bytes.length}\r\n`);
    socket.end(Buffer.concat([bytes, Buffer.from("\r\n")]));
    return Number((await text(socket)).slice(1));
  }

  async #tlsArguments(pki: string): Promise<readonly string[]> {
    this.#tlsPort = this.#tlsPort === 0 ? await freePort(this.#host) : this.#tlsPort;
    const files = ["--tls-cert-file", join(pki, "server.crt"), "--tls-key-file", join(pki, "server.key")];
    return ["--tls-port", String(this.#tlsPort), ...files, "--tls-auth-clients", "no"];
  }

  /** Has it answer nobody, as one that hangs. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

async function answers(port: number, host: string): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

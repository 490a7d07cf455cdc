import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TtrpcClient } from "./client.ts";
import { type Frame, readFrames } from "./frame.ts";
import type { ServerLimits } from "./server-connection.ts";
import { TtrpcServer } from "./server.ts";
import type { Services } from "./service.ts";

export const SERVICE = "test.Service";
export const TIMEOUT_MS = 5000;

/** A connection that writes and reads what no client of ours would. */
export interface RawConnection {
  readonly socket: Socket;
  readonly nextFrame: () => Promise<Frame>;
}

/** For tests: a socket in a folder of its own, a server and clients. `close` ends and removes it all. */
export class Loopback {
  readonly path: string;
  readonly listening: Server;
  readonly signal = AbortSignal.timeout(60_000);
  readonly #folder: string;
  readonly #clients: { close(): void }[] = [];
  #server: TtrpcServer | undefined;

  private constructor(folder: string, listening: Server) {
    this.#folder = folder;
    this.path = join(folder, "s");
    this.listening = listening;
  }

  static async create(): Promise<Loopback> {
    const loopback = new Loopback(await mkdtemp(join(tmpdir(), "rcm-ttrpc-")), createServer());
    await once(loopback.listening.listen(loopback.path), "listening");
    return loopback;
  }

  serve(methods: Services[string], limits?: Partial<ServerLimits>): TtrpcServer {
    this.#server = new TtrpcServer({ [SERVICE]: methods }, limits);
    this.#server.serve(this.listening);
    return this.#server;
  }

  async connect(): Promise<TtrpcClient> {
    const client = await TtrpcClient.connect(this.path, TIMEOUT_MS, this.signal);
    this.#clients.push(client);
    return client;
  }

  connectRaw(): RawConnection {
    const socket = connect({ path: this.path });
    this.#clients.push({ close: () => socket.destroy() });
    const frames: Frame[] = [];
    readFrames(socket, (more) => {
      frames.push(...more);
      socket.emit("frames");
    });
    async function nextFrame(): Promise<Frame> {
      const frame = frames.shift();
      if (frame !== undefined) return frame;
      await once(socket, "frames");
      return nextFrame();
    }
    return { socket, nextFrame };
  }

  /** Calls with a text and gives the answer as text. */
  async call(client: TtrpcClient, method: string, text = "", timeoutMs = TIMEOUT_MS): Promise<string> {
    const request = { service: SERVICE, method, payload: Buffer.from(text), timeoutMs };
    return Buffer.from(await client.call(request, this.signal)).toString();
  }

  /** What a call that must fail is rejected with. */
  async failureOf(client: TtrpcClient, method: string, text = "", timeoutMs = TIMEOUT_MS): Promise<unknown> {
    return this.call(client, method, text, timeoutMs).then(
      () => undefined,
      (reason: unknown) => reason,
    );
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#server?.close(0);
    this.listening.close();
    await rm(this.#folder, { recursive: true });
  }
}

import { once } from "node:events";
import { WebSocket } from "undici";

const PROTOCOL = "v4.channel.k8s.io";
const STDIN = 0;
const ERROR = 3;
const RESIZE = 4;

/**
 * The streams of an exec, an attach or a port-forward, by WebSocket, as the CRI's streaming server serves them.
 *
 * @see {@link https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/util/remotecommand/constants.go}
 */
export class RemoteStreams {
  readonly #socket: WebSocket;
  readonly #received = new Map<number, Buffer[]>();
  readonly #deadline: AbortSignal;
  readonly #closed = Promise.withResolvers<undefined>();
  #arrived = Promise.withResolvers<undefined>();

  private constructor(url: string, timeoutMs: number) {
    this.#deadline = AbortSignal.timeout(timeoutMs);
    this.#socket = new WebSocket(url.replace(/^http/, "ws"), [PROTOCOL]);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("message", ({ data }) => {
      this.#receive(Buffer.from(data as ArrayBuffer));
    });
    this.#socket.addEventListener("close", () => {
      this.#closed.resolve(undefined);
      this.#arrived.resolve(undefined);
    });
  }

  /** @param timeoutMs for all that is done with it. */
  static async open(url: string, timeoutMs = 20_000): Promise<RemoteStreams> {
    const streams = new RemoteStreams(url, timeoutMs);
    await once(streams.#socket, "open", { signal: streams.#deadline });
    return streams;
  }

  /** Writes to the process, or to the port. */
  send(text: string): void {
    this.#socket.send(Buffer.concat([Buffer.of(STDIN), Buffer.from(text)]));
  }

  resize(width: number, height: number): void {
    const size = JSON.stringify({ Width: width, Height: height });
    this.#socket.send(Buffer.concat([Buffer.of(RESIZE), Buffer.from(size)]));
  }

  /** What came on a channel until now. */
  text(channel: "stdout" | "stderr" | "port"): string {
    const number = { stdout: 1, stderr: 2, port: 0 }[channel];
    return Buffer.concat(this.#received.get(number) ?? []).toString();
  }

  /** Waits until a channel holds `pattern`, or all is over. */
  async waitFor(channel: "stdout" | "stderr" | "port", pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text(channel))) {
      if (this.#socket.readyState >= WebSocket.CLOSING) break;
      await this.#orDeadline(this.#arrived.promise, `${String(pattern)} in "${this.text(channel)}"`);
    }
    return this.text(channel);
  }

  /** Waits for the end; returns the status that was sent, as it is. */
  async end(): Promise<string> {
    await this.#orDeadline(this.#closed.promise, `the end after "${this.text("stdout")}"`);
    return Buffer.concat(this.#received.get(ERROR) ?? []).toString();
  }

  close(): void {
    this.#socket.close();
  }

  #receive(frame: Buffer): void {
    const channel = frame[0] ?? 0;
    this.#received.set(channel, [...(this.#received.get(channel) ?? []), frame.subarray(1)]);
    this.#arrived.resolve(undefined);
    this.#arrived = Promise.withResolvers();
  }

  async #orDeadline(promise: Promise<undefined>, what: string): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<undefined>();
    function onAbort(): void {
      reject(new Error(`Cannot wait for ${what}: it does not come`));
    }
    this.#deadline.addEventListener("abort", onAbort, { once: true });
    if (this.#deadline.aborted) onAbort();
    try {
      await Promise.race([promise, late]);
    } finally {
      this.#deadline.removeEventListener("abort", onAbort);
    }
  }
}

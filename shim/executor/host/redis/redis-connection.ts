import { type LookupFunction, type Socket, connect as connectPlain, isIP } from "node:net";
import { nodeTls } from "@rcm/lib/late-modules";
import { Decoder, RESP_TYPES } from "@redis/client/dist/lib/RESP/decoder.js";
import { default as encoder } from "@redis/client/dist/lib/RESP/encoder.js";
import { StoreError } from "../errors.ts";
import type { RedisAddress } from "./redis-address.ts";

/** One answer of a server. */
const MAX_REPLY_BYTES = 129 << 20;
/** What Node says to who runs it by hand. */
const NODE_ADVICE = /; if the root CA is installed locally.*$/;
const REMEDY = "; mount the file of the authorities to trust at /etc/ssl/certs/ca-certificates.crt";
const SERVER_CLOSED = "the server has closed the connection";

/** What was published on a channel. */
export interface RedisMessage {
  readonly channel: string;
  readonly payload: Buffer;
}

interface Waiting {
  readonly resolve: (raw: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Commands to a Redis server and its answers, which come in the order of the commands. Only the codec is the library's: its
 * client is half a megabyte that every pod would load, and it takes in answers of any size.
 */
export class RedisConnection {
  readonly #socket: Socket;
  readonly #decoder: Decoder;
  readonly #waiting: Waiting[] = [];
  readonly #onMessage: ((message: RedisMessage) => void) | undefined;
  readonly #ended = Promise.withResolvers<Error>();
  #replyBytes = 0;
  #failure: Error | undefined = undefined;

  /**
   * Begins to connect. What is sent before that is done goes out then.
   *
   * @param onMessage - gets what comes from channels that were subscribed to.
   */
  constructor(
    { host, port, transport }: RedisAddress,
    lookup: LookupFunction | undefined,
    onMessage?: (message: RedisMessage) => void,
  ) {
    this.#onMessage = onMessage;
    const target = { host, port, ...(lookup === undefined ? {} : { lookup }) };
    const servername = isIP(host) === 0 ? host : "";
    this.#socket = transport === "tls" ? nodeTls().connect({ ...target, servername }) : connectPlain(target);
    this.#socket.setNoDelay(true);
    const typeMapping = {
      [RESP_TYPES.SIMPLE_STRING]: String,
      [RESP_TYPES.NUMBER]: String, // Integers keep all their digits.
      [RESP_TYPES.BLOB_STRING]: Buffer,
    };
    this.#decoder = new Decoder({
      onReply: (raw: unknown) => {
        const message = this.#onMessage === undefined ? undefined : messageIn(raw);
        if (message === undefined) this.#next()?.resolve(raw);
        else this.#take(message);
      },
      onErrorReply: (error) => {
        this.#next()?.reject(error);
      },
      onPush: () => {
        this.close(new StoreError("FAILED", "the server says what it was not asked"));
      },
      getTypeMapping: () => typeMapping,
    });
    this.#socket.on("data", (chunk: Buffer) => {
      this.#read(chunk);
    });
    this.#socket.on("error", (error) => {
      this.close(new StoreError("FAILED", error.message.replace(NODE_ADVICE, REMEDY)));
    });
    // Between the two nothing can be sent any more.
    for (const event of ["end", "close"]) {
      this.#socket.on(event, () => {
        this.close(new StoreError("FAILED", SERVER_CLOSED));
      });
    }
  }

  get isClosed(): boolean {
    return this.#failure !== undefined;
  }

  /** Why it is closed, once it is. */
  get ended(): Promise<Error> {
    return this.#ended.promise;
  }

  /** The answer, as the codec gives it. Rejects with what the server says, or with why the connection is closed. */
  async send(command: readonly (string | Buffer)[]): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.push({ resolve, reject });
    this.#socket.cork();
    for (const part of encoder.default(command)) this.#socket.write(part);
    this.#socket.uncork();
    return promise;
  }

  /** Whoever waits for an answer gets `reason`. */
  close(reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    this.#ended.resolve(reason);
  }

  #take(message: RedisMessage): void {
    this.#replyBytes = 0;
    this.#onMessage?.(message);
  }

  #read(chunk: Buffer): void {
    this.#replyBytes += chunk.length;
    try {
      this.#decoder.write(chunk);
    } catch (error) {
      this.close(new StoreError("FAILED", "its answer is not that of a Redis server", { cause: error }));
    }
    if (this.#replyBytes > MAX_REPLY_BYTES) {
      this.close(new StoreError("LIMIT", `its answer exceeds ${MAX_REPLY_BYTES} bytes`));
    }
  }

  #next(): Waiting | undefined {
    this.#replyBytes = 0;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.close(new StoreError("FAILED", "the server says what it was not asked"));
    return waiting;
  }
}

const MESSAGE = Buffer.from("message");

/** @see {@link https://redis.io/docs/latest/develop/pubsub/#format-of-pushed-messages} */
function messageIn(raw: unknown): RedisMessage | undefined {
  if (!Array.isArray(raw) || raw.length !== 3) return undefined;
  const [kind, channel, payload] = raw as readonly unknown[];
  if (!Buffer.isBuffer(kind) || !kind.equals(MESSAGE)) return undefined;
  return Buffer.isBuffer(channel) && Buffer.isBuffer(payload) ? { channel: channel.toString(), payload } : undefined;
}

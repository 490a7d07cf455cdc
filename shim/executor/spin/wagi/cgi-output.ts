import type { OutgoingBody } from "../../host/http/outgoing-body.ts";
import { IoError, type StreamError, streamFailed } from "../../host/io/io-error.ts";
import type { OutputStream } from "../../host/io/output-stream.ts";
import { Wakers } from "../../host/waitable.ts";

const MAX_HEAD_BYTES = 64 << 10;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Begins to answer. `undefined`: the head is none, or there is no body to follow. */
export type BeginAnswer = (head: string) => OutgoingBody | undefined;

/** What a CGI program writes: a head, an empty line, and the body, which goes out while it comes. */
export class CgiOutput implements OutputStream {
  readonly #begin: BeginAnswer;
  readonly #wakers = new Wakers();
  #head = Buffer.alloc(0);
  #hasBegun = false;
  #body: OutgoingBody | undefined = undefined;
  #stream: OutputStream | undefined = undefined;
  #failure: StreamError | undefined = undefined;

  constructor(begin: BeginAnswer) {
    this.#begin = begin;
  }

  permit(): number | StreamError {
    if (this.#failure !== undefined) return this.#failure;
    return this.#stream?.permit() ?? MAX_HEAD_BYTES;
  }

  write(bytes: Uint8Array): StreamError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#stream !== undefined) return this.#stream.write(bytes);
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = endOfHead(this.#head);
    if (end !== undefined) return this.#start(this.#head.subarray(0, end.at), this.#head.subarray(end.next));
    if (this.#head.length > MAX_HEAD_BYTES) {
      return this.#fail(`The head of the answer has more than ${MAX_HEAD_BYTES} bytes`);
    }
    return undefined;
  }

  #start(head: Buffer, rest: Buffer): StreamError | undefined {
    this.#hasBegun = true;
    this.#body = this.#begin(head.toString());
    this.#stream = this.#body?.openStream();
    if (this.#stream === undefined) return this.#fail("The head of the answer is none");
    return rest.length === 0 ? undefined : this.#stream.write(rest);
  }

  #fail(reason: string): StreamError {
    this.#failure = streamFailed(new IoError(reason));
    return this.#failure;
  }

  /** The guest has ended. Says whether it has written anything. */
  finish(): boolean {
    if (!this.#hasBegun && this.#head.length > 0 && this.#failure === undefined) {
      this.#start(this.#head, Buffer.alloc(0));
    }
    this.#stream?.close();
    this.#body?.finish(undefined);
    return this.#hasBegun;
  }

  /** The guest has failed: nobody may take what there is for the whole. */
  abort(): void {
    this.#body?.drop();
  }

  flush(): StreamError | undefined {
    return this.#failure ?? this.#stream?.flush();
  }

  isFlushed(): boolean {
    return this.#stream?.isFlushed() ?? true;
  }

  isReady(): boolean {
    return this.permit() !== 0;
  }

  onReady(wake: () => void): () => void {
    return this.#stream?.onReady(wake) ?? this.#wakers.add(wake);
  }

  /** Of one of the guest's handles: others may still be open. */
  close(): void {}
}

/** Where the head ends, and where the body begins. */
function endOfHead(bytes: Buffer): { readonly at: number; readonly next: number } | undefined {
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
    const next = bytes[at + 1] === RETURN ? at + 2 : at + 1;
    if (bytes[next] === NEWLINE) return { at, next: next + 1 };
  }
  return undefined;
}

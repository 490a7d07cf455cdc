import { IoError, STREAM_CLOSED, type StreamError, streamFailed } from "../io/io-error.ts";
import type { OutputStream } from "../io/output-stream.ts";
import type { HostState } from "../state.ts";
import { Wakers } from "../waitable.ts";
import type { BodySink } from "./body-sink.ts";
import { type HttpErrorCode, HttpError, httpErrorCode } from "./error-code.ts";
import type { Fields } from "./fields.ts";

/** Bytes between guest and kernel; when there are so many, the guest waits. */
const CAPACITY_BYTES = 64 << 10;
/** Bytes held back to go out in one piece with the head, if the body ends before the guest waits. */
const HOLD_BYTES = 32 << 10;

/** The message that it belonged to is gone. */
const ABANDONED = new HttpError({ tag: "connection-terminated" });

/** What `content-length` promised, and the code for a body that is not so long. */
interface Expected {
  readonly bytes: number | undefined;
  readonly mismatch: "HTTP-request-body-size" | "HTTP-response-body-size";
}

/**
 * `wasi:http/types.outgoing-body` and its one stream. What is written is held until the body ends, the guest waits, or
 * it has grown: so a small answer is one write to the socket, and a slow one goes out as it is made. The head is held
 * with it, and goes out when the guest waits or flushes before it writes anything.
 */
export class OutgoingBody implements OutputStream {
  readonly #state: HostState;
  readonly #expected: Expected;
  readonly #wakers = new Wakers();
  #sink: BodySink | undefined = undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Of those that are held: what is counted for the guest. */
  #countedBytes = 0;
  #writtenBytes = 0;
  #isStreamOpen = false;
  #isStreamTaken = false;
  #isHolding = false;
  #end: { readonly trailers: Fields | undefined } | undefined = undefined;
  #failure: Error | undefined = undefined;
  /** Why it takes no more is told once: from then on the stream is closed. */
  #isTold = false;

  constructor(state: HostState, expected: Expected) {
    this.#state = state;
    this.#expected = expected;
  }

  /** Whether the guest may still write. */
  get isStreamOpen(): boolean {
    return this.#isStreamOpen;
  }

  /** `write` of the interface: the stream, once. */
  openStream(): OutputStream | undefined {
    if (this.#isStreamTaken) return undefined;
    this.#isStreamTaken = true;
    this.#isStreamOpen = true;
    return this;
  }

  /** Begins to send. If the body has already ended, all of it goes out. */
  attach(sink: BodySink): void {
    this.#uncount();
    this.#sink = sink;
    if (this.#failure !== undefined) sink.abort(this.#failure);
    else if (this.#end !== undefined) this.#endSink(sink, this.#end.trailers);
    else this.#hold();
    this.#wakers.wakeAll();
  }

  /** Whether it ended before it was attached. */
  get isWhole(): boolean {
    return this.#end !== undefined && this.#sink === undefined;
  }

  /** All of it, in place of attaching it. There is nobody to hand trailers to. */
  takeWhole(): Buffer {
    this.#uncount();
    this.#end?.trailers?.drop();
    return Buffer.concat(this.#takeHeld());
  }

  /** Nobody is going to attach it: what was written is gone, and the guest finds the stream closed. */
  abandon(): void {
    if (this.#sink !== undefined) return;
    this.#end?.trailers?.drop();
    this.#fail(ABANDONED);
  }

  #endSink(sink: BodySink, trailers: Fields | undefined): void {
    sink.end(this.#takeHeld(), trailers?.flat());
    trailers?.drop();
  }

  /** The stream must be closed. */
  finish(trailers: Fields | undefined): HttpErrorCode | undefined {
    const fault = this.#faultAtEnd();
    if (fault !== undefined || this.#failure !== undefined) {
      trailers?.drop();
      return fault;
    }
    this.#end = { trailers };
    if (this.#sink !== undefined) this.#endSink(this.#sink, trailers);
    return undefined;
  }

  /** A body whose message is gone has none: there is nobody whom it could mislead. */
  #faultAtEnd(): HttpErrorCode | undefined {
    if (this.#failure === ABANDONED) return undefined;
    const { bytes, mismatch } = this.#expected;
    if (bytes !== undefined && bytes !== this.#writtenBytes) {
      const code: HttpErrorCode = { tag: mismatch, val: BigInt(this.#writtenBytes) };
      this.#fail(new HttpError(code));
      return code;
    }
    const failure = this.#sink?.failure();
    return failure === undefined ? undefined : httpErrorCode(failure);
  }

  /**
   * Waits until there is little of it between here and the kernel, after its end. If the guest's time is up before that,
   * its receiver gets no more.
   */
  async untilOut(): Promise<void> {
    if (this.#isOut()) return;
    try {
      await this.#state.wait([{ isReady: () => this.#isOut(), onReady: (wake) => this.onReady(wake) }]);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new HttpError({ tag: "connection-terminated" }));
      throw error;
    }
  }

  #isOut(): boolean {
    const sink = this.#sink;
    return sink === undefined || sink.failure() !== undefined || sink.queuedBytes() < CAPACITY_BYTES;
  }

  /** The guest dropped it, or ended: without `finish` the receiver must not take the body for whole. */
  drop(): void {
    if (this.#end === undefined) this.#fail(new HttpError({ tag: "HTTP-protocol-error" }));
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    if (this.#sink === undefined) {
      this.#uncount();
      this.#takeHeld();
    } else this.#sink.abort(error);
    this.#wakers.wakeAll();
  }

  permit(): number | StreamError {
    const failure = this.#failed();
    if (failure !== undefined) return this.#tell(failure);
    return this.#isStreamOpen ? this.#room() : STREAM_CLOSED;
  }

  #failed(): Error | undefined {
    return this.#failure ?? this.#sink?.failure();
  }

  #tell(failure: Error): StreamError {
    if (failure === ABANDONED || this.#isTold) return STREAM_CLOSED;
    this.#isTold = true;
    return streamFailed(new IoError(failure.message, "http", httpErrorCode(failure)));
  }

  #room(): number {
    return Math.max(0, CAPACITY_BYTES - this.#heldBytes - (this.#sink?.queuedBytes() ?? 0));
  }

  write(bytes: Uint8Array): StreamError | undefined {
    if (bytes.length === 0) return undefined;
    this.#writtenBytes += bytes.length;
    const { bytes: expected, mismatch } = this.#expected;
    if (expected !== undefined && this.#writtenBytes > expected) {
      const error = new HttpError({ tag: mismatch, val: BigInt(this.#writtenBytes) });
      this.#fail(error);
      return this.#tell(error);
    }
    if (this.#sink === undefined) {
      this.#state.countBytes(bytes.length);
      this.#countedBytes += bytes.length;
    }
    this.#keep(bytes);
    if (this.#heldBytes > HOLD_BYTES) this.#send();
    else this.#hold();
    return undefined;
  }

  /** The whole body at once, from the host: it is the only one that its guest can have, and so not counted. */
  endWhole(bytes: Uint8Array): void {
    this.#isStreamTaken = true;
    this.#writtenBytes = bytes.length;
    if (bytes.length > 0) this.#keep(bytes);
    this.finish(undefined);
  }

  #keep(bytes: Uint8Array): void {
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
  }

  #uncount(): void {
    if (this.#countedBytes > 0) this.#state.countBytes(-this.#countedBytes);
    this.#countedBytes = 0;
  }

  #hold(): void {
    if (this.#isHolding) return;
    this.#isHolding = true;
    this.#state.holdUntilWait(() => {
      this.#isHolding = false;
      this.#send();
    });
  }

  #send(): void {
    const sink = this.#sink;
    if (sink === undefined || this.#end !== undefined || this.#failure !== undefined) return;
    if (this.#writtenBytes === 0) sink.begin();
    for (const chunk of this.#takeHeld()) sink.write(chunk);
  }

  #takeHeld(): Buffer[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }

  flush(): StreamError | undefined {
    const permit = this.permit();
    if (typeof permit !== "number") return permit;
    if (this.#writtenBytes === 0) this.#send(); // Else it is held: a guest may flush after all it writes.
    return undefined;
  }

  /** Room again counts as flushed: what is on its way to a peer that reads slowly is the kernel's business. */
  isFlushed(): boolean {
    return this.isReady();
  }

  isReady(): boolean {
    return !this.#isStreamOpen || this.#failed() !== undefined || this.#room() > 0;
  }

  onReady(wake: () => void): () => void {
    const removeWaker = this.#wakers.add(wake);
    const removeListener = this.#sink?.onDrain(wake);
    return () => {
      removeWaker();
      removeListener?.();
    };
  }

  close(): void {
    this.#isStreamOpen = false;
  }
}

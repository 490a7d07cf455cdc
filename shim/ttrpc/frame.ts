/**
 * ttrpc's frames.
 *
 * @see {@link https://github.com/containerd/ttrpc/blob/v1.2.8/PROTOCOL.md#message-frame}
 */
import type { Duplex } from "node:stream";

/** What a frame carries. Frames of other types are to be ignored. */
export const FRAME_TYPE = { request: 1, response: 2, data: 3 } as const;

/** The sender of a request has more to send: it is a stream. */
export const FLAG_REMOTE_OPEN = 0x02;

/** A longer payload is read and thrown away. */
export const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;

/** u32 payload length, u32 stream id, u8 type, u8 flags; big-endian. */
const HEADER_BYTES = 10;

/** A payload that arrives in pieces gets this much memory first, whatever its header announces. */
const FIRST_PIECE_BYTES = 16 * 1024;

export interface FrameHeader {
  readonly streamId: number;
  readonly type: number;
  readonly flags: number;
}

export interface Frame extends FrameHeader {
  /** `undefined` if it was too long. May share its memory with the chunk that it came in. */
  readonly payload: Uint8Array | undefined;
}

/** @param payload of at most {@link MAX_PAYLOAD_BYTES} */
export function encodeFrame({ streamId, type, flags }: FrameHeader, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.byteLength);
  frame.writeUInt32BE(payload.byteLength, 0);
  frame.writeUInt32BE(streamId, 4);
  frame.writeUInt8(type, 8);
  frame.writeUInt8(flags, 9);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Calls `take` with the frames that each chunk from the socket completes. */
export function readFrames(socket: Duplex, take: (frames: readonly Frame[]) => void): void {
  const reader = new FrameReader();
  socket.on("data", (chunk: Buffer) => {
    take(reader.push(chunk));
  });
}

interface OpenFrame extends FrameHeader {
  readonly length: number;
  received: number;
}

/** Cuts a stream of bytes into frames. Holds at most one payload that is not complete. */
export class FrameReader {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerLength = 0;
  #open: OpenFrame | undefined;
  #payload = Buffer.alloc(0);

  /** @returns the frames that the chunk completes. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    for (let at = 0; at < chunk.length;) {
      if (this.#open === undefined) at += this.#takeHeader(chunk, at);
      if (this.#open === undefined) break;
      const { length, received, ...header } = this.#open;
      const count = Math.min(length - received, chunk.length - at);
      const piece = chunk.subarray(at, at + count);
      at += count;
      if (count < length && length <= MAX_PAYLOAD_BYTES) this.#append(piece, this.#open);
      this.#open.received += count;
      if (this.#open.received < length) break;
      frames.push({ ...header, payload: this.#payloadOf(piece, length) });
      this.#open = undefined;
      this.#payload = Buffer.alloc(0);
    }
    return frames;
  }

  /** @returns how many bytes it took. */
  #takeHeader(chunk: Buffer, at: number): number {
    const count = chunk.copy(this.#header, this.#headerLength, at);
    this.#headerLength += count;
    if (this.#headerLength === HEADER_BYTES) {
      this.#headerLength = 0;
      this.#open = {
        length: this.#header.readUInt32BE(0),
        streamId: this.#header.readUInt32BE(4),
        type: this.#header.readUInt8(8),
        flags: this.#header.readUInt8(9),
        received: 0,
      };
    }
    return count;
  }

  #append(piece: Buffer, { length, received }: OpenFrame): void {
    const needed = received + piece.length;
    if (needed > this.#payload.length) {
      const size = Math.min(length, Math.max(needed, FIRST_PIECE_BYTES, 2 * this.#payload.length));
      const larger = Buffer.allocUnsafe(size);
      this.#payload.copy(larger, 0, 0, received);
      this.#payload = larger;
    }
    piece.copy(this.#payload, received);
  }

  #payloadOf(lastPiece: Buffer, length: number): Uint8Array | undefined {
    if (length > MAX_PAYLOAD_BYTES) return undefined;
    return lastPiece.length === length ? lastPiece : this.#payload.subarray(0, length);
  }
}

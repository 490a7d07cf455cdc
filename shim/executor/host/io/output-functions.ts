import type { HostFunction } from "../../component/host-interface.ts";
import { HostError } from "../errors.ts";
import { OK, type Result, errOf, okOf } from "../results.ts";
import type { HostState } from "../state.ts";
import { type InputStream, isStreamError } from "./input-stream.ts";
import type { StreamError } from "./io-error.ts";
import type { OutputStream } from "./output-stream.ts";
import { Pollable } from "./pollable.ts";

type Written = Result<undefined, StreamError>;
type Moved = Result<bigint, StreamError>;

/** The most that the blocking write functions take, by their definition. */
const MAX_BLOCKING_WRITE_BYTES = 4096;
/** Zeroes are written by this much at a time. */
const ZEROES = new Uint8Array(64 << 10);

export const outputStreamFunctions: Readonly<Record<string, HostFunction<HostState>>> = {
  "[method]output-stream.check-write": { call: (_state, self: OutputStream) => checkWrite(self) },
  "[method]output-stream.write": { call: (_state, self: OutputStream, bytes: Uint8Array) => write(self, bytes) },
  "[method]output-stream.blocking-write-and-flush": { call: blockingWrite, blocking: true },
  "[method]output-stream.flush": { call: (_state, self: OutputStream) => resultOf(self.flush()) },
  "[method]output-stream.blocking-flush": { call: blockingFlush, blocking: true },
  "[method]output-stream.subscribe": { call: (_state, self: OutputStream) => new Pollable(self) },
  "[method]output-stream.write-zeroes": {
    call: (_state, self: OutputStream, length: bigint) => writeZeroes(self, length),
  },
  "[method]output-stream.blocking-write-zeroes-and-flush": { call: blockingWriteZeroes, blocking: true },
  "[method]output-stream.splice": {
    call: (_state, self: OutputStream, source: InputStream, length: bigint) => splice(self, source, length),
  },
  "[method]output-stream.blocking-splice": { call: blockingSplice, blocking: true },
};

function resultOf(error: StreamError | undefined): Written {
  return error === undefined ? OK : errOf(error);
}

function checkWrite(self: OutputStream): Result<bigint, StreamError> {
  const permit = self.permit();
  return typeof permit === "number" ? okOf(BigInt(permit)) : errOf(permit);
}

function write(self: OutputStream, bytes: Uint8Array): Written {
  const permit = self.permit();
  if (typeof permit !== "number") return errOf(permit);
  if (bytes.length > permit) {
    throw new HostError("GUEST_FAULT", `Cannot write ${bytes.length} bytes: the stream permits ${permit} now`);
  }
  return resultOf(self.write(bytes));
}

function writeZeroes(self: OutputStream, length: bigint): Written {
  const permit = self.permit();
  if (typeof permit !== "number") return errOf(permit);
  if (length > permit) {
    throw new HostError("GUEST_FAULT", `Cannot write ${length} zeroes: the stream permits ${permit}`);
  }
  for (let left = Number(length); left > 0; left -= ZEROES.length) {
    const error = self.write(left < ZEROES.length ? ZEROES.subarray(0, left) : ZEROES);
    if (error !== undefined) return errOf(error);
  }
  return OK;
}

function blockingWrite(state: HostState, self: OutputStream, bytes: Uint8Array): Written | Promise<Written> {
  if (bytes.length > MAX_BLOCKING_WRITE_BYTES) throw tooLong(bytes.length);
  const permit = self.permit();
  if (typeof permit !== "number") return errOf(permit);
  if (bytes.length > permit) return writeSlowly(state, self, Uint8Array.from(bytes));
  const error = self.write(bytes);
  return error === undefined ? blockingFlush(state, self) : errOf(error);
}

function blockingWriteZeroes(state: HostState, self: OutputStream, length: bigint): Written | Promise<Written> {
  if (length > MAX_BLOCKING_WRITE_BYTES) throw tooLong(length);
  return blockingWrite(state, self, ZEROES.subarray(0, Number(length)));
}

function tooLong(length: number | bigint): HostError {
  return new HostError(
    "GUEST_FAULT",
    `Cannot write ${length} bytes and flush: one call takes at most ${MAX_BLOCKING_WRITE_BYTES}`,
  );
}

async function writeSlowly(state: HostState, self: OutputStream, bytes: Uint8Array): Promise<Written> {
  for (let offset = 0; offset < bytes.length;) {
    await state.wait([self]);
    const permit = self.permit();
    if (typeof permit !== "number") return errOf(permit);
    const error = self.write(bytes.subarray(offset, offset + permit));
    if (error !== undefined) return errOf(error);
    offset += permit;
  }
  return blockingFlush(state, self);
}

function blockingFlush(state: HostState, self: OutputStream): Written | Promise<Written> {
  const error = self.flush();
  if (error !== undefined) return errOf(error);
  return self.isFlushed() ? OK : waitForFlush(state, self);
}

async function waitForFlush(state: HostState, self: OutputStream): Promise<Written> {
  await state.wait([{ isReady: () => self.isFlushed() || self.isReady(), onReady: self.onReady.bind(self) }]);
  const permit = self.permit();
  return typeof permit === "number" ? OK : errOf(permit);
}

function splice(self: OutputStream, source: InputStream, length: bigint): Moved {
  const permit = self.permit();
  if (typeof permit !== "number") return errOf(permit);
  const limit = length > permit ? permit : Number(length);
  if (limit === 0) return okOf(0n);
  const taken = source.take(limit);
  if (taken === undefined) return okOf(0n);
  if (isStreamError(taken)) return errOf(taken);
  const error = self.write(taken);
  return error === undefined ? okOf(BigInt(taken.length)) : errOf(error);
}

function blockingSplice(
  state: HostState,
  self: OutputStream,
  ...[source, length]: readonly [InputStream, bigint]
): Moved | Promise<Moved> {
  const moved = splice(self, source, length);
  if (length === 0n || moved.tag === "err" || moved.val !== 0n) return moved;
  return spliceSlowly(state, { self, source, length });
}

async function spliceSlowly(
  state: HostState,
  { self, source, length }: { readonly self: OutputStream; readonly source: InputStream; readonly length: bigint },
): Promise<Moved> {
  for (;;) {
    await state.wait([source]);
    await state.wait([self]);
    const moved = splice(self, source, length);
    if (moved.tag === "err" || moved.val !== 0n) return moved;
  }
}

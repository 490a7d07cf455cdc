import type { HostFunction } from "../../component/host-interface.ts";
import { type Result, errOf, okOf } from "../results.ts";
import type { HostState } from "../state.ts";
import { type InputStream, MAX_READ_BYTES, isStreamError } from "./input-stream.ts";
import type { StreamError } from "./io-error.ts";
import { Pollable } from "./pollable.ts";

type Read = Result<Uint8Array, StreamError>;
type Skipped = Result<bigint, StreamError>;

const NOTHING = new Uint8Array(0);

export const inputStreamFunctions: Readonly<Record<string, HostFunction<HostState>>> = {
  "[method]input-stream.read": { call: (_state, self: InputStream, length: bigint) => read(self, length) },
  "[method]input-stream.blocking-read": { call: blockingRead, blocking: true },
  "[method]input-stream.skip": { call: (_state, self: InputStream, length: bigint) => skipped(read(self, length)) },
  "[method]input-stream.blocking-skip": { call: blockingSkip, blocking: true },
  "[method]input-stream.subscribe": { call: (_state, self: InputStream) => new Pollable(self) },
};

function read(self: InputStream, length: bigint): Read {
  const taken = self.take(length > MAX_READ_BYTES ? MAX_READ_BYTES : Number(length));
  if (taken === undefined) return okOf(NOTHING);
  return isStreamError(taken) ? errOf(taken) : okOf(taken);
}

function blockingRead(state: HostState, self: InputStream, length: bigint): Read | Promise<Read> {
  const result = read(self, length);
  if (length === 0n || result.tag === "err" || result.val !== NOTHING) return result;
  return waitAndRead(state, self, length);
}

async function waitAndRead(state: HostState, self: InputStream, length: bigint): Promise<Read> {
  for (;;) {
    await state.wait([self]);
    const result = read(self, length);
    if (result.tag === "err" || result.val !== NOTHING) return result;
  }
}

function blockingSkip(state: HostState, self: InputStream, length: bigint): Skipped | Promise<Skipped> {
  const result = blockingRead(state, self, length);
  return result instanceof Promise ? skipLater(result) : skipped(result);
}

async function skipLater(result: Promise<Read>): Promise<Skipped> {
  return skipped(await result);
}

function skipped(result: Read): Skipped {
  return result.tag === "err" ? result : okOf(BigInt(result.val?.length ?? 0));
}

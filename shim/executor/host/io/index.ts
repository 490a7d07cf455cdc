import type { HostInterface } from "../../component/host-interface.ts";
import { HostError } from "../errors.ts";
import type { HostState } from "../state.ts";
import { OneTurn } from "../waitable.ts";
import { inputStreamFunctions } from "./input-functions.ts";
import type { InputStream } from "./input-stream.ts";
import type { IoError } from "./io-error.ts";
import { outputStreamFunctions } from "./output-functions.ts";
import type { OutputStream } from "./output-stream.ts";
import type { Pollable } from "./pollable.ts";

/** The most pollables in one `poll`. */
const MAX_POLLED = 10_000;

const error: HostInterface<HostState> = {
  name: "wasi:io/error",
  version: "0.2.12",
  functions: {
    "[method]error.to-debug-string": { call: (_state, self: IoError) => self.message },
  },
  resources: { error: {} },
};

const poll: HostInterface<HostState> = {
  name: "wasi:io/poll",
  version: "0.2.12",
  functions: {
    "[method]pollable.ready": { call: (_state, self: Pollable) => self.isReady() },
    "[method]pollable.block": { call: block, blocking: true },
    poll: { call: pollAll, blocking: true },
  },
  resources: { pollable: {} },
};

const streams: HostInterface<HostState> = {
  name: "wasi:io/streams",
  version: "0.2.12",
  functions: { ...inputStreamFunctions, ...outputStreamFunctions },
  resources: {
    "input-stream": {
      drop(rep: InputStream) {
        rep.close();
      },
    },
    "output-stream": {
      drop(rep: OutputStream) {
        rep.close();
      },
    },
  },
};

export const ioInterfaces = [error, poll, streams] as const;

function block(state: HostState, self: Pollable): Promise<void> | undefined {
  return self.isReady() ? undefined : state.wait([self]);
}

function pollAll(state: HostState, pollables: readonly Pollable[]): number[] | Promise<number[]> {
  if (pollables.length === 0) throw new HostError("GUEST_FAULT", "Cannot poll: the list is empty");
  if (pollables.length > MAX_POLLED) {
    throw new HostError("LIMIT", `Cannot poll ${pollables.length} pollables: at most ${MAX_POLLED} are taken`);
  }
  const ready = readyOf(pollables);
  if (ready.length === pollables.length) return ready;
  return waitForAny(state, pollables, ready.length > 0);
}

/**
 * Where some are ready the others get one turn of Node's event loop, which is what brings them their bytes: a guest that
 * polls again and again without ever waiting would not see any.
 */
async function waitForAny(state: HostState, pollables: readonly Pollable[], hasReady: boolean): Promise<number[]> {
  const waiting = hasReady ? pollables.filter((pollable) => !pollable.isReady()) : pollables;
  await state.wait(hasReady ? [...waiting, new OneTurn()] : waiting);
  return readyOf(pollables);
}

function readyOf(pollables: readonly Pollable[]): number[] {
  const ready: number[] = [];
  for (let index = 0; index < pollables.length; index += 1) {
    if (pollables[index]?.isReady() === true) ready.push(index);
  }
  return ready;
}

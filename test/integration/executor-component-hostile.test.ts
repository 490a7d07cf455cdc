import { readFileSync } from "node:fs";
import { ComponentError, WasmTrap } from "@rcm/shim/executor/component/errors";
import type { HostInterface } from "@rcm/shim/executor/component/host-interface";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { expect } from "chai";
import { buildGuest, type GuestName } from "../guests/build-guest.ts";

const BUILD_MS = 900_000;
const MUTANTS = 400;
const MAX_MS = 5_000; // On a busy machine; alone, the slowest took 0.2 s.
const GUESTS: readonly GuestName[] = ["c-http", "rust-values", "composed-values"];
const INTERFACES = ["wasi:http/types", "wasi:io/streams", "wasi:io/error", "wasi:io/poll", "rcm:values/host"];

/** Offers everything, and gives nothing back. */
function anyHost(name: string): HostInterface<undefined> {
  const version = name.startsWith("wasi:") ? "0.2.12" : undefined;
  return { name, version, functions: everything({ call: () => undefined }), resources: everything({}) };
}

function everything<Value>(value: Value): Readonly<Record<string, Value>> {
  return new Proxy<Record<string, Value>>(
    {},
    { get: () => value, getOwnPropertyDescriptor: () => ({ value, configurable: true, enumerable: true }) },
  );
}

/** Always the same numbers, so that what fails fails again. */
class Dice {
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  below(limit: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * limit);
  }
}

const MUTATIONS: readonly ((bytes: Buffer, dice: Dice) => Buffer)[] = [
  (bytes, dice) => {
    for (let left = 1 + dice.below(3); left > 0; left -= 1) bytes[dice.below(bytes.length)] = dice.below(256);
    return bytes;
  },
  (bytes, dice) => {
    const at = dice.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
    return bytes;
  },
  (bytes, dice) => bytes.subarray(0, dice.below(bytes.length)),
  (bytes, dice) => {
    const length = dice.below(40);
    const from = dice.below(bytes.length - length);
    bytes.copyWithin(dice.below(bytes.length), from, from + length);
    return bytes;
  },
];

/** "works", or why it is refused; anything else is thrown on. */
function outcome(bytes: Uint8Array): string {
  try {
    link(prepare(bytes), INTERFACES.map(anyHost)).instantiate(undefined).dispose();
    return "works";
  } catch (error) {
    if (error instanceof ComponentError || error instanceof WasmTrap) return error.code;
    throw error;
  }
}

describe("mutants of real components", function () {
  this.timeout(BUILD_MS);

  for (const [seed, name] of GUESTS.entries()) {
    it(`of ${name} are refused or work, and never take long`, async () => {
      const original = readFileSync(await buildGuest(name));
      const dice = new Dice(seed + 1);
      const outcomes = new Map<string, number>();
      for (let index = 0; index < MUTANTS; index += 1) {
        const mutate = MUTATIONS[index % MUTATIONS.length];
        const start = performance.now();
        const what = outcome(mutate?.(Buffer.from(original), dice) ?? original);
        expect(performance.now() - start, `mutant ${index} of ${name}: ${what}`).to.be.lessThan(MAX_MS);
        outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
      }
      expect([...outcomes.keys()]).to.include.members(["MALFORMED", "INVALID"]);
    });
  }
});

import type { Store } from "../abi/guest.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { OWN_MEMORY } from "../core/rewrite-module.ts";
import {
  wasm,
  type CoreExports,
  type CoreExportValue,
  type CoreGlobal,
  type CoreMemory,
  type CoreValue,
} from "../core/web-assembly.ts";
import { isMemory } from "../reset/instance-image.ts";
import { METER_EXPORTS, SLOT } from "./meter-module.ts";

/** Decides about guests that compute. */
export interface MeterHost<State> {
  /**
   * The guest has spent its fuel: gives new fuel (a positive i32). A promise lets others run first; it is only taken if
   * `mayWait`.
   *
   * @throws {Error} to end the guest: the call that led here rejects with it, and nothing in the guest can catch it.
   */
  refuel(state: State, mayWait: boolean): number | Promise<number>;
}

/** Tells the module's code to trap. */
const TRAP = -1;
/**
 * Tells it to call the other function, which suspends. Not one for both: V8 lets nobody call a function that may suspend
 * where there is JavaScript between it and the host, even if it does not.
 */
const WAIT = 0;
/** No memory grows by 2^32 - 1 pages: the instruction says so to the guest. */
const TOO_MANY_PAGES = -1;
const I32 = 0x7f;

const BYTES_PER_PAGE = 65_536;

interface CoreTable {
  readonly length: number;
  set(index: number, value: CoreExportValue): void;
}

/** What belongs to one number under which core instances ask. */
interface Metered {
  readonly store: Store<unknown>;
  readonly fuels: CoreGlobal[];
  /** Of all its core instances, if they are bounded together. */
  readonly memories: CoreMemory[];
}

/** The meter of all instances of one linked component. */
export class Meter {
  readonly #host: MeterHost<unknown>;
  readonly #metered = new Map<number, Metered>();
  readonly #refuel: CoreExportValue;
  readonly #pause: CoreExportValue;
  readonly #growth: CoreExportValue;
  /** What the host promised to those that are about to pause. */
  readonly #promised = new Map<number, Promise<number>>();
  #nextId = 1;

  constructor(host: MeterHost<unknown>) {
    this.#host = host;
    this.#refuel = passedOn(1, (...[id]) => this.#onEmpty(Number(id)));
    this.#pause = passedOn(1, new wasm.Suspending(async (...[id]: CoreValue[]) => this.#onPause(Number(id))));
    this.#growth = passedOn(3, (...[pages, id, limit]) => this.#onGrowth(Number(pages), Number(id), Number(limit)));
  }

  /** The number under which core instances of `store` ask for fuel, until {@link remove}. */
  add(store: Store<unknown>): number {
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0x7fff_ffff) + 1;
    const fuels: CoreGlobal[] = [];
    this.#metered.set(id, { store, fuels, memories: [] });
    store.drain = () => {
      for (const fuel of fuels) fuel.value = 0;
    };
    return id;
  }

  remove(id: number): void {
    this.#metered.delete(id);
  }

  /** Connects a core instance that has just been made. What it ran at its start is paid for. */
  connect(exports: CoreExports, id: number): void {
    const { [METER_EXPORTS.table]: table, [METER_EXPORTS.id]: idGlobal, [METER_EXPORTS.fuel]: fuel } = exports;
    if (!isTable(table) || !isGlobal(idGlobal) || !isGlobal(fuel)) return;
    table.set(SLOT.refuel, this.#refuel);
    table.set(SLOT.pause, this.#pause);
    idGlobal.value = id;
    fuel.value = 0;
    const metered = this.#metered.get(id);
    metered?.fuels.push(fuel);
    if (table.length <= SLOT.growth) return;
    table.set(SLOT.growth, this.#growth);
    metered?.memories.push(...ownMemories(exports));
  }

  /** @returns the pages if all memories together then have no more than the limit, else -1: the memory does not grow. */
  #onGrowth(pages: number, id: number, limit: number): number {
    const { memories = [] } = this.#metered.get(id) ?? {};
    const bytes = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    return bytes / BYTES_PER_PAGE + (pages >>> 0) <= limit ? pages : TOO_MANY_PAGES;
  }

  #onEmpty(id: number): number {
    const store = this.#metered.get(id)?.store;
    if (store === undefined) return TRAP;
    try {
      const fuel = this.#host.refuel(store.state, store.plainCalls === 0);
      if (typeof fuel === "number") return fuel;
      this.#promised.set(id, fuel);
      return WAIT;
    } catch (reason) {
      return end(store, reason);
    }
  }

  async #onPause(id: number): Promise<number> {
    const store = this.#metered.get(id)?.store;
    const promised = this.#promised.get(id);
    this.#promised.delete(id);
    if (store === undefined || promised === undefined) return TRAP;
    try {
      return await promised;
    } catch (reason) {
      return end(store, reason);
    }
  }
}

/** The function, of so many parameters, as one of a module's, which a table can hold. */
function passedOn(params: number, f: CoreExportValue): CoreExportValue {
  const passOn = new wasm.Instance(new wasm.Module(passOnModule(params)), { h: { f } }).exports["f"];
  if (passOn === undefined) throw new TypeError("Cannot make the meter: its module exports nothing");
  return passOn;
}

/** (module (import h.f (func (param i32…) (result i32))) (export "f" (func 0))) */
function passOnModule(params: number): Uint8Array {
  const types = Array.from({ length: params }, () => I32);
  return new ByteWriter()
    .u8(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
    .section(1, new ByteWriter().u8(1, 0x60, params, ...types, 1, I32))
    .section(2, new ByteWriter().u8(1).name("h").name("f").u8(0, 0))
    .section(7, new ByteWriter().u8(1).name("f").u8(0, 0))
    .finish();
}

function ownMemories(exports: CoreExports): CoreMemory[] {
  return Object.entries(exports).flatMap(([name, value]) =>
    name.startsWith(OWN_MEMORY) && value !== undefined && isMemory(value) ? [value] : [],
  );
}

function end(store: Store<unknown>, reason: unknown): number {
  store.ended = reason instanceof Error ? reason : new Error("The guest was ended", { cause: reason });
  return TRAP;
}

function isTable(value: CoreExportValue | undefined): value is CoreExportValue & CoreTable {
  return typeof value === "object" && "set" in value && typeof value.set === "function";
}

function isGlobal(value: CoreExportValue | undefined): value is CoreGlobal {
  return typeof value === "object" && "value" in value;
}

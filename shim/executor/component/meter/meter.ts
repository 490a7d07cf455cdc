import type { Store } from "../abi/guest.ts";
import { wasm, type CoreExports, type CoreExportValue, type CoreGlobal, type CoreValue } from "../core/web-assembly.ts";
import { METER_EXPORTS } from "./meter-module.ts";

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

/** (module (import h.f (func (param i32) (result i32))) (export "f" (func 0))): a function for tables. */
const PASS_ON = Uint8Array.of(
  0x00,
  0x61,
  0x73,
  0x6d,
  0x01,
  0x00,
  0x00,
  0x00,
  0x01,
  0x06,
  0x01,
  0x60,
  0x01,
  0x7f,
  0x01,
  0x7f,
  0x02,
  0x07,
  0x01,
  0x01,
  0x68,
  0x01,
  0x66,
  0x00,
  0x00,
  0x07,
  0x05,
  0x01,
  0x01,
  0x66,
  0x00,
  0x00,
);

interface CoreTable {
  set(index: number, value: CoreExportValue): void;
}

/** The meter of all instances of one linked component. */
export class Meter {
  readonly #host: MeterHost<unknown>;
  readonly #stores = new Map<number, Store<unknown>>();
  /** Of the core instances of each store. */
  readonly #fuels = new Map<number, CoreGlobal[]>();
  readonly #ask: CoreExportValue;
  readonly #pause: CoreExportValue;
  /** What the host promised to those that are about to pause. */
  readonly #promised = new Map<number, Promise<number>>();
  #nextId = 1;

  constructor(host: MeterHost<unknown>) {
    this.#host = host;
    this.#ask = passedOn((...[id]) => this.#onEmpty(Number(id)));
    this.#pause = passedOn(new wasm.Suspending(async (...[id]: CoreValue[]) => this.#onPause(Number(id))));
  }

  /** The number under which core instances of `store` ask for fuel, until {@link remove}. */
  add(store: Store<unknown>): number {
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0x7fff_ffff) + 1;
    this.#stores.set(id, store);
    const fuels: CoreGlobal[] = [];
    this.#fuels.set(id, fuels);
    store.drain = () => {
      for (const fuel of fuels) fuel.value = 0;
    };
    return id;
  }

  remove(id: number): void {
    this.#stores.delete(id);
    this.#fuels.delete(id);
  }

  /** Connects a core instance that has just been made. What it ran at its start is paid for. */
  connect(exports: CoreExports, id: number): void {
    const { [METER_EXPORTS.table]: table, [METER_EXPORTS.id]: idGlobal, [METER_EXPORTS.fuel]: fuel } = exports;
    if (!isTable(table) || !isGlobal(idGlobal) || !isGlobal(fuel)) return;
    table.set(0, this.#ask);
    table.set(1, this.#pause);
    idGlobal.value = id;
    fuel.value = 0;
    this.#fuels.get(id)?.push(fuel);
  }

  #onEmpty(id: number): number {
    const store = this.#stores.get(id);
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
    const store = this.#stores.get(id);
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

/** The function as one of a module's, which a table can hold. */
function passedOn(f: CoreExportValue): CoreExportValue {
  const passOn = new wasm.Instance(new wasm.Module(PASS_ON), { h: { f } }).exports["f"];
  if (passOn === undefined) throw new TypeError("Cannot make the meter: its module exports nothing");
  return passOn;
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

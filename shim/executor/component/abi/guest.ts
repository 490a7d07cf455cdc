import { wasm } from "../core/web-assembly.ts";
import { WasmTrap } from "../errors.ts";
import type { DropTime } from "../host-interface.ts";
import { HandleTable, type Rep } from "./handle-table.ts";

/** Destroys a resource of one type. */
export type Destroy = (rep: Rep, at: DropTime) => void;

/** Calls of the host after which a metered guest has to ask for fuel. */
const HOST_CALLS = 64;

/** What all component instances of one linked instance share. */
export class Store<State> {
  state: State;
  /** Why the instance serves no more. */
  dead: Error | undefined;
  /** Why the host ended the guest while it computed: what it then traps with is no news. */
  ended: Error | undefined;
  /** Calls into the guest under way that cannot be suspended, for there is JavaScript between them and the host. */
  plainCalls = 0;
  /** Calls of the host since the meter last saw to it that the clock is looked at. */
  hostCalls = 0;
  /** Makes the guest ask for fuel at its next payment. */
  drain: (() => void) | undefined;
  /** Whether a host function was ever called. */
  touchedHost = false;
  /** Counts resets: handles from before one are void. */
  epoch = 0;
  /** By the number of the resource type. */
  readonly destroyers: (Destroy | undefined)[] = [];

  constructor(state: State) {
    this.state = state;
  }

  destroy(resource: number, rep: Rep, at: DropTime = "call"): void {
    this.destroyers[resource]?.(rep, at);
  }

  /** Time goes by in the host too, which no fuel is spent for: now and then the guest has to ask, whatever it has left. */
  countHostCall(): void {
    this.hostCalls += 1;
    if (this.hostCalls < HOST_CALLS) return;
    this.hostCalls = 0;
    this.drain?.();
  }

  /** Notes that the instance is used up; gives the error to throw. */
  fail(reason: unknown): Error {
    const error = this.ended ?? trapOf(reason);
    this.dead ??= error;
    return error;
  }

  /** Fails if the instance is used up. */
  checkAlive(): void {
    if (this.dead !== undefined) throw new WasmTrap("the instance is used up", { cause: this.dead });
  }
}

/** Traps of V8 as ours; what the host threw stays as it is. */
function trapOf(reason: unknown): Error {
  if (reason instanceof wasm.RuntimeError) {
    return new WasmTrap(`the guest trapped: ${reason.message}`, { cause: reason });
  }
  if (reason instanceof wasm.SuspendError) {
    return new WasmTrap("a host function that blocks was called where the guest cannot be suspended", {
      cause: reason,
    });
  }
  if (reason instanceof RangeError && reason.message.includes("call stack")) {
    return new WasmTrap("the guest trapped: its calls are nested too deeply", { cause: reason });
  }
  return reason instanceof Error ? reason : new WasmTrap("a host function failed", { cause: reason });
}

/** The state of one component instance: one of several if the component is composed. */
export class Guest {
  readonly number: number;
  readonly store: Store<unknown>;
  readonly handles = new HandleTable();
  /** Whether it may call out now; not while it allocates for a call or cleans up after one. */
  mayLeave = true;
  /** How many calls into it are under way, one within the other. */
  #depth = 0;
  /** For each of them, the handles that it borrows and has not dropped yet. */
  readonly #borrows: number[] = [0];

  constructor(number: number, store: Store<unknown>) {
    this.number = number;
    this.store = store;
  }

  /** Whether a call into it is under way. */
  get entered(): boolean {
    return this.#depth > 0;
  }

  /** Begins a call, perhaps within another one. */
  enter(): void {
    this.store.checkAlive();
    this.#depth += 1;
    this.#borrows[this.#depth] = 0;
  }

  leave(): void {
    if (!this.mayLeave) throw new WasmTrap("the component instance called out where it may not");
  }

  /** Opens a handle that the innermost call borrows. */
  borrow(resource: number, rep: Rep): number {
    this.#borrows[this.#depth] = this.#borrowed(this.#depth) + 1;
    return this.handles.addBorrow(resource, rep, this.#depth);
  }

  /** A handle that the call of that depth borrowed is dropped. */
  endBorrow(depth: number): void {
    this.#borrows[depth] = this.#borrowed(depth) - 1;
  }

  #borrowed(depth: number): number {
    return this.#borrows[depth] ?? 0;
  }

  /** Ends the innermost call. */
  exit(): void {
    const borrows = this.#borrowed(this.#depth);
    if (borrows > 0) throw new WasmTrap(`${borrows} borrowed handles were not dropped before the end of the call`);
    this.#depth -= 1;
  }

  reset(): void {
    this.handles.clear();
    this.mayLeave = true;
    this.#depth = 0;
  }
}

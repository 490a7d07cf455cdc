import type { ExportedFunction, Instance, Linked } from "../component/host-interface.ts";
import type { HostState } from "../host/state.ts";
import { ServeError } from "./errors.ts";

/** Instances kept for the next requests where they can be reset. */
const MAX_IDLE = 64;
/** Instances made ahead where they cannot. */
const MAX_FRESH = 4;

/** An instance and its entry. */
export interface Guest {
  readonly instance: Instance<HostState>;
  readonly entry: ExportedFunction;
}

export interface PoolOptions {
  readonly linked: Linked<HostState>;
  /** The exported function that requests enter by. */
  readonly entry: { readonly interface: string; readonly name: string };
  /** What instances see that are made before there is a request for them. */
  startState(): HostState;
}

/** Gives every request an instance in its first state. */
export class InstancePool {
  readonly #options: PoolOptions;
  readonly #isResettable: boolean;
  readonly #idle: Guest[] = [];
  #isFilling = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#isResettable = options.linked.reset.kind === "allowed";
  }

  /** @throws {Error} if the component cannot be instantiated: it traps at its start, or memory is short. */
  take(state: HostState): Guest {
    const guest = this.#idle.pop() ?? this.#create(state);
    guest.instance.state = state;
    if (!this.#isResettable) this.#fillSoon();
    return guest;
  }

  /** Takes an instance back whose request has ended without a fault. */
  giveBack(guest: Guest): void {
    if (this.#isResettable && this.#idle.length < MAX_IDLE && guest.instance.reset()) {
      this.#idle.push(guest);
      return;
    }
    guest.instance.dispose();
    this.#fillSoon(); // Its memory has grown: the next request shall not wait for another one.
  }

  /** Makes the first instance, so that no request waits for it. */
  warm(): void {
    if (this.#idle.length === 0) this.#idle.push(this.#create(this.#options.startState()));
    if (!this.#isResettable) this.#fillSoon();
  }

  /** Disposes of the instances that are not in use, except for `kept` of them. */
  shrink(kept: number): void {
    for (const { instance } of this.#idle.splice(kept)) instance.dispose();
  }

  #create(state: HostState): Guest {
    const { linked, entry } = this.#options;
    const instance = linked.instantiate(state);
    const func = instance.func(entry.interface, entry.name);
    if (func !== undefined) return { instance, entry: func };
    throw new ServeError("NO_ENTRY", `Cannot serve the component: it does not export ${entry.interface}#${entry.name}`);
  }

  #fillSoon(): void {
    if (this.#isFilling || this.#idle.length >= (this.#isResettable ? 1 : MAX_FRESH)) return;
    this.#isFilling = true;
    setImmediate(() => {
      this.#isFilling = false;
      if (this.#tryFill()) this.#fillSoon();
    });
  }

  #tryFill(): boolean {
    try {
      this.#idle.push(this.#create(this.#options.startState()));
      return true;
    } catch {
      return false; // The request that finds none meets the same error, and is answered with it.
    }
  }
}

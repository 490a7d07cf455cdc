import { CallContext } from "../abi/call-context.ts";
import { Guest, Store, type Destroy } from "../abi/guest.ts";
import {
  wasm,
  type CoreExports,
  type CoreExportValue,
  type CoreFunction,
  type CoreMemory,
} from "../core/web-assembly.ts";
import { WasmTrap } from "../errors.ts";
import { METER_EXPORTS } from "../meter/meter-module.ts";
import { isMemory } from "../reset/instance-image.ts";
import type { CoreRef, DestroyPlan, LinkPlan, StepPlan } from "./link-plan.ts";

/** One instance while it lives: its guests, their memories, and the core instances. */
export class Runtime {
  readonly store: Store<unknown>;
  readonly guests: readonly Guest[];
  readonly contexts: readonly CallContext[];
  readonly coreExports: (CoreExports | undefined)[] = [];
  readonly #plan: LinkPlan;
  readonly #meterId: number;
  readonly #trampolines: (CoreExportValue | undefined)[] = [];

  constructor(plan: LinkPlan, state: unknown) {
    this.#plan = plan;
    this.store = new Store(state);
    this.#meterId = plan.meter?.add(this.store) ?? 0;
    this.guests = Array.from({ length: plan.guests }, (_, number) => new Guest(number, this.store));
    this.contexts = plan.contexts.map(({ owner }) => new CallContext(this.guest(owner)));
    for (const [resource, destroy] of plan.destroyers) this.store.destroyers[resource] = this.#destroyer(destroy);
  }

  /** Instantiates the core modules in order. */
  start(): void {
    try {
      this.store.plainCalls += 1;
      for (const step of this.#plan.steps) this.#step(step);
      this.store.plainCalls -= 1;
    } catch (reason) {
      throw this.store.fail(reason);
    }
  }

  /** Nothing of it runs any more. */
  stop(): void {
    this.#plan.meter?.remove(this.#meterId);
  }

  #step({ instance, module, imports, contexts }: StepPlan): void {
    const given: Record<string, Record<string, CoreExportValue>> = {};
    for (const group of imports) {
      const items: Record<string, CoreExportValue> = {};
      for (const { name, ref } of group.items) items[name] = this.core(ref);
      given[group.module] = items;
    }
    const { exports } = new wasm.Instance(module, given);
    this.#plan.meter?.connect(exports, this.#meterId);
    if (this.#plan.snapshot === undefined) runStart(exports);
    this.coreExports[instance] = exports;
    for (const index of contexts) this.#bind(index);
  }

  #bind(index: number): void {
    const plan = this.#plan.contexts[index];
    const context = this.contexts[index];
    if (plan === undefined || context === undefined) return;
    if (plan.memory !== undefined && this.#isThere(plan.memory)) context.memory = memoryOf(this.core(plan.memory));
    if (plan.realloc !== undefined && this.#isThere(plan.realloc)) context.realloc = this.coreFunc(plan.realloc);
  }

  #isThere(ref: CoreRef): boolean {
    return ref.kind === "trampoline" || this.coreExports[ref.instance] !== undefined;
  }

  guest(number: number): Guest {
    const guest = this.guests[number];
    if (guest === undefined) throw new RangeError(`Cannot find the component instance ${number}`);
    return guest;
  }

  context(index: number): CallContext {
    const context = this.contexts[index];
    if (context === undefined) throw new RangeError(`Cannot find the canonical options ${index}`);
    return context;
  }

  /** The core item at run time. */
  core(ref: CoreRef): CoreExportValue {
    if (ref.kind === "trampoline") return this.#trampoline(ref.index);
    const value = this.coreExports[ref.instance]?.[ref.name];
    if (value === undefined) throw new WasmTrap(`the core export "${ref.name}" is used before it is there`);
    return value;
  }

  coreFunc(ref: CoreRef): CoreFunction {
    const value = this.core(ref);
    if (!isFunction(value)) throw new WasmTrap("a function that suspends cannot be called from here");
    return value;
  }

  #trampoline(index: number): CoreExportValue {
    const known = this.#trampolines[index];
    if (known !== undefined) return known;
    const make = this.#plan.trampolines[index];
    if (make === undefined) throw new RangeError(`Cannot find the trampoline ${index}`);
    const made = make(this);
    this.#trampolines[index] = made;
    return made;
  }

  #destroyer(plan: DestroyPlan): Destroy {
    const { store } = this;
    if (plan.kind === "host") {
      return (rep, at) => {
        if (typeof rep === "object") plan.resource?.drop?.(rep, store.state, at);
      };
    }
    const { destructor } = plan;
    return (rep) => {
      if (destructor === undefined) return;
      const owner = this.guest(plan.owner);
      owner.enter();
      store.plainCalls += 1;
      this.coreFunc(destructor)(Number(rep));
      store.plainCalls -= 1;
      owner.exit();
    };
  }
}

/** Of a module with a meter; others have V8 run theirs. */
function runStart({ [METER_EXPORTS.start]: start }: CoreExports): void {
  if (typeof start === "function") start();
}

function isFunction(value: CoreExportValue): value is CoreFunction {
  return typeof value === "function";
}

function memoryOf(value: CoreExportValue): CoreMemory {
  if (isMemory(value)) return value;
  throw new TypeError("Cannot use a core export as a memory: it is none");
}

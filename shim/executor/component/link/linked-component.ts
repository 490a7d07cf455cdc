import type { Rep } from "../abi/handle-table.ts";
import { WasmTrap } from "../errors.ts";
import type { ExportedFunction, Instance, Linked, WitValue } from "../host-interface.ts";
import { isPromise } from "./is-promise.ts";
import { bindLifted } from "./lifted-call.ts";
import type { LiftPlan, LinkPlan } from "./link-plan.ts";
import { Runtime } from "./runtime.ts";

export interface ExportName {
  readonly interface: string;
  readonly name: string;
}

/** A component with its imports resolved. */
export class LinkedComponent<State> implements Linked<State> {
  readonly exports: readonly ExportName[];
  readonly reset: Linked<State>["reset"] = { kind: "refused", reason: "not yet" };
  readonly #plan: LinkPlan;

  constructor(plan: LinkPlan, exports: readonly ExportName[]) {
    this.#plan = plan;
    this.exports = exports;
  }

  instantiate(state: State): Instance<State> {
    const runtime = new Runtime(this.#plan, state);
    runtime.start();
    return new LinkedInstance<State>(this.#plan, runtime);
  }
}

class LinkedInstance<State> implements Instance<State> {
  readonly #plan: LinkPlan;
  readonly #runtime: Runtime;
  readonly #funcs = new Map<string, ExportedFunction>();

  constructor(plan: LinkPlan, runtime: Runtime) {
    this.#plan = plan;
    this.#runtime = runtime;
  }

  get state(): State {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- Only ever set to a State.
    return this.#runtime.store.state as State;
  }

  set state(state: State) {
    this.#runtime.store.state = state;
  }

  func(interfaceName: string, name: string): ExportedFunction | undefined {
    const key = `${interfaceName}#${name}`;
    const known = this.#funcs.get(key);
    const plan = this.#plan.exports.get(key);
    if (known !== undefined || plan === undefined) return known;
    const func = exportedFunction(plan, this.#runtime);
    this.#funcs.set(key, func);
    return func;
  }

  memoryBytes(): number {
    return 0;
  }

  reset(): boolean {
    return false;
  }

  dispose(): void {
    const runtime = this.#runtime;
    const { store, guests } = runtime;
    store.dead ??= new WasmTrap("the instance was disposed of");
    runtime.stop();
    for (const { handles } of guests) {
      for (const { resource, rep } of handles.open()) dropHost(runtime, resource, rep);
      handles.clear();
    }
  }
}

/** Tells the host that a handle which the guest left open is gone. Resources of guests go with their memory. */
function dropHost({ store }: Runtime, resource: number, rep: Rep): void {
  if (typeof rep === "object") store.destroy(resource, rep, undefined);
}

function exportedFunction(plan: LiftPlan, runtime: Runtime): ExportedFunction {
  const { store } = runtime;
  const call = bindLifted(plan, runtime);
  async function wait(value: Promise<WitValue>): Promise<WitValue> {
    try {
      return await value;
    } catch (reason) {
      throw store.fail(reason);
    }
  }
  return {
    call(...args): WitValue {
      store.checkAlive();
      try {
        const value = call(args);
        return isPromise(value) ? wait(value) : value;
      } catch (reason) {
        throw store.fail(reason);
      }
    },
  };
}

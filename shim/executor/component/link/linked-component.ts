import { WasmTrap } from "../errors.ts";
import type { ExportedFunction, Instance, Linked, WitValue } from "../host-interface.ts";
import { InstanceImage, memoriesOf, type InstanceKeeper } from "../reset/instance-image.ts";
import { isPromise } from "./is-promise.ts";
import { bindLifted } from "./lifted-call.ts";
import type { LiftPlan, LinkPlan } from "./link-plan.ts";
import type { ExportName } from "./plan-link.ts";
import { Runtime } from "./runtime.ts";

/** A component with its imports resolved. */
export class LinkedComponent<State> implements Linked<State> {
  readonly exports: readonly ExportName[];
  readonly #plan: LinkPlan;
  #obstacle: string | undefined;
  #image: InstanceImage | undefined;

  constructor(plan: LinkPlan, exports: readonly ExportName[]) {
    this.#plan = plan;
    this.#obstacle = plan.resetObstacle;
    this.exports = exports;
  }

  get reset(): Linked<State>["reset"] {
    return this.#obstacle === undefined ? { kind: "allowed" } : { kind: "refused", reason: this.#obstacle };
  }

  instantiate(state: State): Instance<State> {
    const runtime = new Runtime(this.#plan, state);
    runtime.start();
    if (this.#plan.snapshot === undefined) this.#takeImage(runtime);
    else this.#image ??= InstanceImage.of(this.#plan.state, this.#plan.snapshot);
    const instance = new LinkedInstance<State>(this.#plan, runtime, this.#image);
    if (this.#plan.snapshot !== undefined) instance.begin();
    return instance;
  }

  /** Of the first instance: as no host function is called on the way, all begin with the same memory. */
  #takeImage({ store, guests, coreExports }: Runtime): void {
    if (this.#obstacle === undefined && store.touchedHost) this.#obstacle = "it calls host functions while it starts";
    if (this.#obstacle === undefined && guests.some(({ handles }) => !handles.isEmpty)) {
      this.#obstacle = "it opens handles while it starts";
    }
    if (this.#obstacle === undefined) this.#image ??= InstanceImage.take(this.#plan.state, coreExports);
    else this.#image = undefined;
  }
}

class LinkedInstance<State> implements Instance<State> {
  readonly #plan: LinkPlan;
  readonly #runtime: Runtime;
  readonly #image: InstanceImage | undefined;
  readonly #funcs = new Map<string, ExportedFunction>();
  #keeper: InstanceKeeper | undefined;

  constructor(plan: LinkPlan, runtime: Runtime, image: InstanceImage | undefined) {
    this.#plan = plan;
    this.#runtime = runtime;
    this.#image = image;
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
    const memories = memoriesOf(this.#plan.state, this.#runtime.coreExports);
    return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  }

  /** Puts the snapshot in place. */
  begin(): void {
    this.#keeper = this.#image?.keep(this.#runtime.coreExports);
    if (this.#keeper === undefined) throw new WasmTrap("the snapshot of the component does not fit");
  }

  reset(): boolean {
    if (this.#image === undefined || this.#runtime.store.dead !== undefined || this.#isBusy()) return false;
    this.#closeHandles();
    if (this.#keeper !== undefined) return this.#keeper.restore();
    this.#keeper = this.#image.keep(this.#runtime.coreExports);
    return this.#keeper !== undefined;
  }

  dispose(): void {
    this.#runtime.store.dead ??= new WasmTrap("the instance was disposed of");
    this.#runtime.stop();
    this.#closeHandles();
  }

  #isBusy(): boolean {
    for (const { entered } of this.#runtime.guests) if (entered) return true;
    return false;
  }

  /** Tells the host that a handle which the guest left open is gone. Resources of guests go with their memory. */
  #closeHandles(): void {
    const { store, guests } = this.#runtime;
    store.epoch += 1;
    for (const guest of guests) {
      if (guest.handles.hasOpen) {
        guest.handles.forEachOpen((resource, rep) => {
          if (typeof rep === "object") store.destroy(resource, rep, "end");
        });
      }
      guest.reset();
    }
  }
}

function exportedFunction(plan: LiftPlan, runtime: Runtime): ExportedFunction {
  const { store } = runtime;
  const owner = runtime.guest(plan.owner);
  const call = bindLifted(plan, runtime);
  function fail(reason: unknown): never {
    throw store.fail(reason);
  }
  return {
    call(...args): WitValue {
      store.checkAlive();
      if (owner.entered) throw new WasmTrap("the instance is called while a call into it is under way");
      try {
        const value = call(args);
        return isPromise(value) ? value.catch(fail) : value;
      } catch (reason) {
        throw store.fail(reason);
      }
    },
  };
}

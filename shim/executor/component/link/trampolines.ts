import type { CallContext } from "../abi/call-context.ts";
import type { Store } from "../abi/guest.ts";
import type { ResourceOperation } from "../binary/component-ast.ts";
import { wasm, type CoreExportValue, type CoreValue } from "../core/web-assembly.ts";
import type { HostFunction, WitValue } from "../host-interface.ts";
import type { ResourceType } from "../types/wit-type.ts";
import { isPromise } from "./is-promise.ts";
import { bindLifted } from "./lifted-call.ts";
import type { LiftPlan, LowerPlan, ParamsPlan, Trampoline } from "./link-plan.ts";
import type { Runtime } from "./runtime.ts";

/** What the callee gave: a promise of it if it blocks. Every promise is an object, so the type need not say so. */
type Called = WitValue;
/** Lifts the arguments and calls. */
type Invoke = (context: CallContext, flat: readonly CoreValue[]) => Called;
/** Lowers the result; gives what the core function returns. */
type Return = (context: CallContext, value: WitValue, flat: readonly CoreValue[]) => CoreValue | undefined;

/** A function of the host, as a core function. */
export function hostTrampoline(plan: LowerPlan, host: HostFunction<unknown>): Trampoline {
  const giveBack = returnOf(plan);
  return (runtime) => {
    const { store } = runtime;
    const invoke = plan.lends
      ? invokeLending(plan.params, (args): Called => host.call(store.state, ...args))
      : invokeHost(plan.params, host, store);
    return callOut({ plan, runtime, invoke, giveBack, suspends: host.blocking === true });
  };
}

/** A function of another component, as a core function. */
export function guestTrampoline(plan: LowerPlan, callee: LiftPlan): Trampoline {
  const giveBack = returnOf(plan);
  return (runtime) => {
    let bound: ReturnType<typeof bindLifted> | undefined;
    function call(args: readonly WitValue[]): Called {
      bound ??= bindLifted(callee, runtime); // Not before: the callee's core instance may come later.
      return bound(args);
    }
    const { params, lends } = plan;
    const invoke: Invoke = lends
      ? invokeLending(params, call)
      : (context, flat) => call(liftParams(params, context, flat));
    return callOut({ plan, runtime, invoke, giveBack, suspends: callee.mayBlock });
  };
}

interface CallOut {
  readonly plan: LowerPlan;
  readonly runtime: Runtime;
  readonly invoke: Invoke;
  readonly giveBack: Return;
  readonly suspends: boolean;
}

function callOut({ plan, runtime, invoke, giveBack, suspends }: CallOut): CoreExportValue {
  const { store } = runtime;
  const context = runtime.context(plan.context);
  const { guest } = context;

  function begin(flat: readonly CoreValue[]): Called {
    store.countHostCall(); // Also where it fails: a guest may catch that and go on.
    store.checkAlive();
    guest.leave();
    store.touchedHost = true;
    context.begin();
    return invoke(context, flat);
  }

  function finish(value: WitValue, flat: readonly CoreValue[]): CoreValue | undefined {
    context.begin();
    return giveBack(context, value, flat);
  }

  function call(...flat: CoreValue[]): CoreValue | undefined {
    try {
      const value = begin(flat);
      if (isPromise(value)) {
        throw new TypeError("Cannot wait for a host function that is not marked as blocking");
      }
      return finish(value, flat);
    } catch (reason) {
      throw store.fail(reason);
    }
  }

  async function wait(value: Promise<WitValue>, flat: readonly CoreValue[]): Promise<CoreValue | undefined> {
    try {
      const settled = await value;
      store.checkAlive();
      return finish(settled, flat);
    } catch (reason) {
      throw store.fail(reason);
    }
  }

  function suspend(...flat: CoreValue[]): CoreValue | undefined | Promise<CoreValue | undefined> {
    try {
      const value = begin(flat);
      return isPromise(value) ? wait(value, flat) : finish(value, flat);
    } catch (reason) {
      throw store.fail(reason);
    }
  }

  return suspends ? new wasm.Suspending(suspend) : call;
}

/** Calls the host with the arguments one by one: for up to four there is no array of them. */
function invokeHost(params: ParamsPlan, host: HostFunction<unknown>, store: Store<unknown>): Invoke {
  const [first, second, third, fourth] = params.parts;
  const isShort = !params.inMemory && params.parts.length <= 4;
  if (!isShort) return (context, flat): Called => host.call(store.state, ...liftParams(params, context, flat));
  if (first === undefined) return (): Called => host.call(store.state);
  const a = first.codec;
  if (second === undefined) return (context, flat): Called => host.call(store.state, a.lift(context, flat, 0));
  const { codec: b, flatOffset: atB } = second;
  if (third === undefined) {
    return (context, flat): Called => host.call(store.state, a.lift(context, flat, 0), b.lift(context, flat, atB));
  }
  const { codec: c, flatOffset: atC } = third;
  if (fourth === undefined) {
    return (context, flat): Called =>
      host.call(store.state, a.lift(context, flat, 0), b.lift(context, flat, atB), c.lift(context, flat, atC));
  }
  return (context, flat): Called => host.call(store.state, ...liftParams(params, context, flat));
}

/** Calls with handles that cannot be dropped before the call is at its end. */
function invokeLending(params: ParamsPlan, call: (args: readonly WitValue[]) => Called): Invoke {
  return (context, flat): Called => {
    const { handles } = context.guest;
    const { value: args, lent } = handles.lending(() => liftParams(params, context, flat));
    const value = call(args);
    if (isPromise(value)) return value.finally(() => handles.giveBack(lent));
    handles.giveBack(lent);
    return value;
  };
}

function liftParams(params: ParamsPlan, context: CallContext, flat: readonly CoreValue[]): WitValue[] {
  const values: WitValue[] = [];
  if (params.inMemory) {
    const pointer = context.check(Number(flat[0]), params.size, params.align);
    for (const { codec, offset } of params.parts) values.push(codec.load(context, pointer + offset));
  } else for (const { codec, flatOffset } of params.parts) values.push(codec.lift(context, flat, flatOffset));
  return values;
}

function returnOf({ result, resultInMemory }: LowerPlan): Return {
  if (result === undefined) return () => undefined;
  const { codec, size, align } = result;
  if (resultInMemory) {
    return (context, value, flat) => {
      codec.store(context, value, context.check(Number(flat.at(-1)), size, align));
      return undefined;
    };
  }
  return (context, value) => {
    const flat: CoreValue[] = [];
    codec.lower(context, value, flat);
    return flat[0];
  };
}

/** One of the functions with which a guest handles its resources. */
export function resourceTrampoline(operation: ResourceOperation, { id }: ResourceType, owner: number): Trampoline {
  return (runtime) => {
    const guest = runtime.guest(owner);
    const { handles, store } = guest;
    if (operation === "new") {
      return guarded(store, (rep) => {
        guest.leave();
        return handles.addOwn(id, Number(rep));
      });
    }
    if (operation === "rep") return guarded(store, (index) => Number(handles.rep(Number(index) >>> 0, id)));
    return guarded(store, (index) => {
      guest.leave();
      const { rep, borrowedAt } = handles.take(Number(index) >>> 0, id);
      if (borrowedAt === undefined) store.destroy(id, rep);
      else guest.endBorrow(borrowedAt);
      return undefined;
    });
  };
}

function guarded(
  store: Store<unknown>,
  func: (value: CoreValue | undefined) => CoreValue | undefined,
): (value?: CoreValue) => CoreValue | undefined {
  return (value) => {
    try {
      store.checkAlive();
      return func(value);
    } catch (reason) {
      store.countHostCall(); // It takes as long as a call of the host.
      throw store.fail(reason);
    }
  };
}

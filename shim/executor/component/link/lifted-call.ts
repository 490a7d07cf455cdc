import type { CallContext } from "../abi/call-context.ts";
import { wasm, type CoreFunction, type CoreValue } from "../core/web-assembly.ts";
import { WasmTrap } from "../errors.ts";
import type { WitValue } from "../host-interface.ts";
import type { LiftPlan, ParamsPlan } from "./link-plan.ts";
import type { Runtime } from "./runtime.ts";

/** Calls a lifted function. A promise comes back if its plan says that it may block. */
export type LiftedCall = (args: readonly WitValue[]) => WitValue | Promise<WitValue>;

/** Binds a lifted function to an instance. The caller handles errors: after one, the instance is used up. */
export function bindLifted(plan: LiftPlan, runtime: Runtime): LiftedCall {
  const context = runtime.context(plan.context);
  const guest = runtime.guest(plan.owner);
  const core = runtime.coreFunc(plan.core);
  const postReturn = plan.postReturn === undefined ? undefined : runtime.coreFunc(plan.postReturn);

  function finish(returned: CoreValue | undefined): WitValue {
    // The guest can catch what a host function throws, but not go on.
    if (guest.store.dead !== undefined) throw guest.store.dead;
    context.begin();
    const value = liftResult(plan, context, returned);
    if (postReturn !== undefined) cleanUp(postReturn, context, returned);
    guest.exit();
    return value;
  }

  function lowerArguments(args: readonly WitValue[]): CoreValue[] {
    if (args.length !== plan.params.parts.length) {
      throw new TypeError(`Cannot call the guest with ${args.length} arguments: it takes ${plan.params.parts.length}`);
    }
    guest.enter();
    context.begin();
    return lowerParams(plan.params, context, args);
  }

  function callPlainly(args: readonly WitValue[]): WitValue {
    const flat = lowerArguments(args);
    guest.store.plainCalls += 1;
    const returned = core(...flat);
    guest.store.plainCalls -= 1;
    return finish(returned);
  }

  if (!plan.mayBlock) return callPlainly;
  const promising = wasm.promising(core);
  // oxlint-disable-next-line typescript/promise-function-async -- that would be two more promises for each request
  return (args) => promising(...lowerArguments(args)).then(finish);
}

/** Each request comes through here: no iterators, which are thrown away. */
function lowerParams(params: ParamsPlan, context: CallContext, args: readonly WitValue[]): CoreValue[] {
  const flat: CoreValue[] = [];
  let index = 0;
  if (!params.inMemory) {
    for (const { codec } of params.parts) codec.lower(context, args[index++], flat);
    return flat;
  }
  const pointer = context.allocate(params.size, params.align);
  for (const { codec, offset } of params.parts) codec.store(context, args[index++], pointer + offset);
  flat.push(pointer | 0);
  return flat;
}

function liftResult(plan: LiftPlan, context: CallContext, returned: CoreValue | undefined): WitValue {
  const { result } = plan;
  if (result === undefined) return undefined;
  if (returned === undefined) throw new WasmTrap("the guest returned nothing");
  if (!plan.resultInMemory) return result.codec.lift(context, [returned], 0);
  return result.codec.load(context, context.check(Number(returned), result.size, result.align));
}

function cleanUp(postReturn: CoreFunction, { guest }: CallContext, returned: CoreValue | undefined): void {
  guest.mayLeave = false;
  guest.store.plainCalls += 1;
  if (returned === undefined) postReturn();
  else postReturn(returned);
  guest.store.plainCalls -= 1;
  guest.mayLeave = true;
}

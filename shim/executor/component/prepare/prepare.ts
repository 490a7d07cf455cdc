import { parseComponent } from "../binary/parse-component.ts";
import { parseCoreModule } from "../core/core-module.ts";
import { Evaluator } from "../evaluate/evaluator.ts";
import { meterModule } from "../meter/meter-module.ts";
import type { CoreInstancePlan, Item } from "../types/items.ts";

/** A component after evaluation: what to instantiate, and what the root exports. */
export interface ComponentPlan {
  readonly coreInstances: readonly CoreInstancePlan[];
  readonly exports: ReadonlyMap<string, Item>;
  /** How many component instances there are. */
  readonly guests: number;
}

export interface PreparedModule {
  readonly bytes: Uint8Array;
}

/** A component that was parsed, validated and split, ready to be linked. */
export interface Prepared {
  readonly plan: ComponentPlan;
  readonly modules: readonly PreparedModule[];
}

export interface PrepareOptions {
  /** Whether the guest's code asks the host for leave to go on, now and then. */
  readonly meter?: "with-meter" | "without-meter";
}

/** @throws {ComponentError} if the bytes are no component, or one that this executor does not take. */
export function prepare(bytes: Uint8Array, { meter = "without-meter" }: PrepareOptions = {}): Prepared {
  const { root, modules } = parseComponent(bytes);
  const bodies = modules.map(({ start, end }) => bytes.subarray(start, end));
  const evaluator = new Evaluator(bodies.map(parseCoreModule));
  const exports = evaluator.root(root);
  const plan = { coreInstances: evaluator.coreInstances, exports, guests: evaluator.componentInstances };
  return { plan, modules: bodies.map((body) => ({ bytes: meter === "with-meter" ? meterModule(body) : body })) };
}

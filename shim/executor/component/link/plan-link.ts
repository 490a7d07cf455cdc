import { wasm } from "../core/web-assembly.ts";
import type { Meter } from "../meter/meter.ts";
import type { ComponentPlan } from "../prepare/evaluate-component.ts";
import type { Prepared } from "../prepare/prepare.ts";
import type { StateExports } from "../reset/instance-image.ts";
import { withoutVersion } from "../types/extern-name.ts";
import { findElision } from "./elide.ts";
import type { ImportLookup } from "./host-lookup.ts";
import type { LiftPlan, LinkPlan, StepPlan } from "./link-plan.ts";
import { LinkPlanner } from "./link-planner.ts";
import { Reachability } from "./reachability.ts";

/** A function that the component exports: interface without version, and the name in WIT. */
export interface ExportName {
  readonly interface: string;
  readonly name: string;
}

/** Resolves the imports of a prepared component, and compiles its core modules. */
export function planLink(
  prepared: Prepared,
  hosts: ImportLookup,
  meter: Meter | undefined,
): { readonly linkPlan: LinkPlan; readonly names: readonly ExportName[] } {
  const { plan } = prepared;
  const reach = new Reachability(
    plan.coreInstances,
    (func) => hosts.func(func.interface, func.name)?.blocking === true,
  );
  const elision = findElision(plan, prepared.modules);
  const planner = new LinkPlanner(hosts, reach, elision);
  const { exports, names } = exportsOf(plan, planner, meter !== undefined);
  const modules = prepared.modules.map(({ bytes }) => new wasm.Module(bytes));
  const steps = plan.coreInstances.flatMap((instance) => {
    const module = modules[instance.module];
    return module === undefined || elision.needless.has(instance) ? [] : [planner.step(instance, module)];
  });
  const linkPlan: LinkPlan = {
    guests: plan.guests,
    meter,
    contexts: planner.contexts,
    trampolines: planner.trampolines,
    destroyers: planner.destroyers,
    steps: steps.map((step) => withContexts(step, planner)),
    state: stateOf(prepared),
    snapshot: prepared.snapshot,
    resetObstacle: obstacleOf(prepared),
    exports,
  };
  return { linkPlan, names };
}

function stateOf({ plan, modules }: Prepared): StateExports[] {
  return plan.coreInstances.map(({ id, module }) => ({
    instance: id,
    memories: modules[module]?.memories ?? [],
    globals: modules[module]?.globals ?? [],
  }));
}

function obstacleOf({ modules }: Prepared): string | undefined {
  const index = modules.findIndex((module) => module.resetObstacle !== undefined);
  const found = modules[index]?.resetObstacle;
  return found === undefined ? undefined : `in core module ${index}: ${found}`;
}

function withContexts(step: Omit<StepPlan, "contexts">, { contexts }: LinkPlanner): StepPlan {
  const bound = contexts.flatMap(({ memory, realloc }, index) => {
    const isHere = [memory, realloc].some((ref) => ref?.kind === "export" && ref.instance === step.instance);
    return isHere ? [index] : [];
  });
  return { ...step, contexts: bound };
}

function exportsOf(
  plan: ComponentPlan,
  planner: LinkPlanner,
  isMetered: boolean,
): { readonly exports: ReadonlyMap<string, LiftPlan>; readonly names: readonly ExportName[] } {
  const exports = new Map<string, LiftPlan>();
  const names: ExportName[] = [];
  for (const item of plan.exports) {
    const lifted = planner.lift(item.func);
    // A guest that is metered may be suspended anywhere, whether it calls what blocks or not.
    const lift = isMetered ? { ...lifted, mayBlock: true } : lifted;
    const plain = withoutVersion(item.interface);
    names.push({ interface: plain, name: item.name });
    for (const key of new Set([item.interface, plain])) exports.set(`${key}#${item.name}`, lift);
  }
  return { exports, names };
}

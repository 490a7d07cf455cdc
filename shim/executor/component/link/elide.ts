import type { ComponentPlan } from "../prepare/evaluate-component.ts";
import type { PreparedModule } from "../prepare/prepare.ts";
import type { CoreFunc, CoreInstancePlan } from "../types/items.ts";

/** Functions of shims that can be replaced by what they call. */
export interface Elision {
  /** What to import instead of the function of that name of that instance. */
  replace(instance: CoreInstancePlan, name: string): CoreFunc | undefined;
  /** Instances that nobody needs any more. */
  readonly needless: ReadonlySet<CoreInstancePlan>;
}

type Shim = Extract<PreparedModule["indirection"], { kind: "shim" }>;
type Fixup = Extract<PreparedModule["indirection"], { kind: "fixup" }>;

/**
 * Finds pairs of a shim and the fixup that fills its table, where nothing else sees the table. Then the shim's functions
 * are replaced by what they call, if that is a function of ours: those are there before any core instance. The difference
 * to the detour shows only in calls before the table is filled, which would trap.
 */
export function findElision({ coreInstances }: ComponentPlan, modules: readonly PreparedModule[]): Elision {
  const replaced = new Map<CoreInstancePlan, ReadonlyMap<string, CoreFunc>>();
  const needless = new Set<CoreInstancePlan>();
  for (const fixup of coreInstances) {
    const what = modules[fixup.module]?.indirection;
    if (what?.kind !== "fixup") continue;
    const shim = shimOf(fixup, what, { coreInstances, modules });
    if (shim === undefined) continue;
    const called = new Map(
      Object.entries(shim.what.slots).map(([name, slot]) => [name, importOf(fixup, what.functions[slot])]),
    );
    const ours = [...called].flatMap(([name, func]) =>
      func === undefined || func.kind === "export" ? [] : [[name, func] as const],
    );
    replaced.set(shim.instance, new Map(ours));
    if (ours.length === called.size && called.size === what.functions.length) needless.add(fixup).add(shim.instance);
  }
  return { replace: (instance, name) => replaced.get(instance)?.get(name), needless };
}

/** The shim whose table the fixup fills, if only the two have it. */
function shimOf(
  fixup: CoreInstancePlan,
  { table }: Fixup,
  { coreInstances, modules }: Pick<ComponentPlan, "coreInstances"> & { readonly modules: readonly PreparedModule[] },
): { readonly instance: CoreInstancePlan; readonly what: Shim } | undefined {
  const filled = fixup.imports.find(({ module, name }) => module === table.module && name === table.name)?.item;
  if (filled?.sort !== "core table") return undefined;
  const { instance, name } = filled.value;
  const what = modules[instance.module]?.indirection;
  const users = coreInstances.filter(({ imports }) =>
    imports.some(({ item }) => item.sort === "core table" && item.value.instance === instance),
  );
  const isAlone = users.length === 1 && what?.kind === "shim" && what.table === name;
  return isAlone ? { instance, what } : undefined;
}

function importOf(
  instance: CoreInstancePlan,
  wanted: { readonly module: string; readonly name: string } | undefined,
): CoreFunc | undefined {
  const item = instance.imports.find(({ module, name }) => module === wanted?.module && name === wanted.name)?.item;
  return item?.sort === "core func" ? item.value : undefined;
}

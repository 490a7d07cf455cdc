import type { Prepared } from "./prepare.ts";

/** The interfaces that a component has functions of, with their versions as it names them. */
export function importedInterfaces({ plan }: Prepared): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { imports } of plan.coreInstances) {
    for (const { item } of imports) {
      if (item.sort !== "core func" || item.value.kind !== "lowered" || item.value.func.kind !== "host") continue;
      found.add(item.value.func.interface);
    }
  }
  return found;
}

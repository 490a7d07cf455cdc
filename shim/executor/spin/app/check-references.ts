import { quote, quoteAll } from "../document/quote.ts";
import { SpinError } from "../errors.ts";
import type { LockedTrigger } from "./locked-app.ts";

const MAX_COMPONENTS = 1024;
const MAX_TRIGGERS = 4096;

interface References {
  readonly components: readonly { readonly id: string }[];
  readonly triggers: readonly LockedTrigger[];
}

/** @throws {SpinError} `INVALID` if an application has more of them than it may. */
export function checkCounts(counts: { readonly components: number; readonly triggers: number }): void {
  const isWithin = counts.components <= MAX_COMPONENTS && counts.triggers <= MAX_TRIGGERS;
  if (isWithin) return;
  throw new SpinError(
    "INVALID",
    `Cannot use an application of ${String(counts.components)} components and ${String(counts.triggers)} triggers: the limits are ${String(MAX_COMPONENTS)} and ${String(MAX_TRIGGERS)}: make several of it`,
  );
}

/**
 * @throws {SpinError} `INVALID` if two components have one id, or a trigger names a component that is none of the
 * application's, or there are too many.
 */
export function checkReferences({ components, triggers }: References): void {
  checkCounts({ components: components.length, triggers: triggers.length });
  const ids = new Set<string>();
  for (const { id } of components) {
    if (ids.has(id)) {
      throw new SpinError(
        "INVALID",
        `Cannot use the component ${quote(id)}: two have this id: give them different ones`,
      );
    }
    ids.add(id);
  }
  for (const { id, config } of triggers) {
    const component = config["component"];
    if (component === undefined || (typeof component === "string" && ids.has(component))) continue;
    throw new SpinError(
      "INVALID",
      `Cannot use the trigger ${quote(id)}: its component ${quote(component)} is none of the application's: name one of ${quoteAll([...ids])}`,
    );
  }
}

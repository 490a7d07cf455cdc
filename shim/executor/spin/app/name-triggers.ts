import { isKebab } from "../document/identifiers.ts";
import type { Fields } from "../document/table.ts";
import { checkCounts } from "./check-references.ts";
import type { LockedTrigger } from "./locked-app.ts";
import type { ManifestComponent } from "./spin-manifest.ts";

/** A trigger as the manifest has it. */
export interface ReadTrigger {
  readonly type: string;
  readonly id: string | undefined;
  /** The id of a component, or what makes the one that is written in the trigger itself. */
  readonly component: string | ((id: string) => ManifestComponent) | undefined;
  readonly config: Fields;
}

export interface NamedTriggers {
  readonly triggers: readonly LockedTrigger[];
  /** Those of the manifest, and then those that were in triggers. */
  readonly components: readonly ManifestComponent[];
}

/**
 * Makes up the ids that the manifest leaves out, as Spin does: they are seen in logs and settings.
 *
 * @throws {SpinError} `INVALID` if there are too many, or one of the triggers' components is not what it must be.
 */
export function nameTriggers(read: readonly ReadTrigger[], declared: readonly ManifestComponent[]): NamedTriggers {
  checkCounts({ components: declared.length, triggers: read.length });
  const triggerIds = new Set(read.map(({ id }) => id ?? ""));
  const named = read.map((trigger) => {
    const id = trigger.id ?? newTriggerId(trigger, triggerIds);
    triggerIds.add(id);
    return { ...trigger, id };
  });
  const components = [...declared];
  const componentIds = new Set(declared.map(({ id }) => id));
  const triggers = named.map(({ id, type, component, config }): LockedTrigger => {
    if (component === undefined) return { id, type, config };
    if (typeof component === "string") return { id, type, config: { ...config, component } };
    const made = component(newComponentId(id, componentIds));
    componentIds.add(made.id);
    components.push(made);
    return { id, type, config: { ...config, component: made.id } };
  });
  return { triggers, components };
}

function newTriggerId({ type, component }: ReadTrigger, taken: ReadonlySet<string>): string {
  const natural = typeof component === "string" ? `${component}-${type}-trigger` : "";
  return taken.has(natural) ? counted(`${type}-trigger`, taken) : natural;
}

function newComponentId(trigger: string, taken: ReadonlySet<string>): string {
  const natural = `${trigger}-component`;
  return isKebab(natural) && !taken.has(natural) ? natural : counted("inline-component", taken);
}

function counted(prefix: string, taken: ReadonlySet<string>): string {
  let count = 1;
  while (taken.has(`${prefix}${String(count)}`)) count += 1;
  return `${prefix}${String(count)}`;
}

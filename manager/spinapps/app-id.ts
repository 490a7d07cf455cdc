import { SPIN_GROUP, SPIN_OLDER_GROUP } from "@rcm/crds";

export type SpinGroup = typeof SPIN_GROUP | typeof SPIN_OLDER_GROUP;

export const SPIN_GROUPS: readonly SpinGroup[] = [SPIN_GROUP, SPIN_OLDER_GROUP];

/** Says which SpinApp (or SpinAppExecutor) is meant: names may be the same in both groups. */
export interface SpinId {
  readonly group: SpinGroup;
  readonly namespace: string;
  readonly name: string;
}

/** `group/namespace/name` */
export function spinKey({ group, namespace, name }: SpinId): string {
  return `${group}/${namespace}/${name}`;
}

export function spinIdFromKey(key: string): SpinId {
  const [group, namespace = "", name = ""] = key.split("/");
  return { group: group === SPIN_OLDER_GROUP ? SPIN_OLDER_GROUP : SPIN_GROUP, namespace, name };
}

/** On everything that belongs to a SpinApp; the value is its name. */
export function appNameLabel(group: SpinGroup): string {
  return `${group}/app-name`;
}

/** On pods that the Service takes; the value is `ready`. */
export function statusLabel({ group, name }: SpinId): string {
  return `${group}/app.${name}.status`;
}

import { SPIN_GROUP, SPIN_OLDER_GROUP } from "@rcm/crds";
import type { SpinGroup } from "./app-id.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

/** An executor of the app's namespace. */
export interface Candidate {
  readonly group: SpinGroup;
  readonly executor: ExecutorObject;
}

/** What a SpinApp that names no executor gets where there is one of this name. */
const USUAL = "containerd-shim-spin";

/** The executor of a SpinApp. One of its own group goes before one of the same name in the other group. */
export function chooseExecutor(
  group: SpinGroup,
  { spec, status }: SpinAppObject,
  candidates: readonly Candidate[],
): Candidate | undefined {
  const other = group === SPIN_GROUP ? SPIN_OLDER_GROUP : SPIN_GROUP;
  function named(name: string): Candidate | undefined {
    const all = candidates.filter(({ executor }) => executor.metadata.name === name);
    return all.find((one) => one.group === group) ?? all.find((one) => one.group === other);
  }
  const wanted = spec.executor ?? "";
  if (wanted !== "") return named(wanted);
  const names = candidates.map(({ executor }) => executor.metadata.name ?? "").toSorted();
  // The one in use stays in use when others come.
  return named(status?.activeScheduler ?? "") ?? named(USUAL) ?? named(names[0] ?? "");
}

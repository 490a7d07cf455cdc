import type { Kube } from "@rcm/lib/kube";
import { found } from "./found.ts";
import { SPIN_APPS, type SpinAppObject } from "./kinds.ts";

/** What is looked for. */
export const APPLICATION = "application";

/** @throws {CliError} `NOT_FOUND` when there is none. */
export async function getSpinApp(
  kube: Kube,
  ref: { readonly name: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<SpinAppObject> {
  return found(kube.get(SPIN_APPS, ref, signal), SPIN_APPS, { what: APPLICATION, name: ref.name });
}

/** All of a namespace, or of the cluster; by namespace and name. */
export async function listSpinApps(
  kube: Kube,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly SpinAppObject[]> {
  const listing = kube.list(SPIN_APPS, { namespace, project: (app) => app }, signal);
  return (await found(listing, SPIN_APPS, { what: APPLICATION })).items;
}

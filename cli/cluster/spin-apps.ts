import { SPIN_OLDER_GROUP } from "@rcm/crds";
import { isKubeError, type Kube, type Resource } from "@rcm/lib/kube";
import { found } from "./found.ts";
import { OLDER_SPIN_APPS, SPIN_APPS, type SpinAppObject } from "./kinds.ts";

/** What is looked for. */
export const APPLICATION = "application";

/**
 * The application, or else that of the older group.
 *
 * @throws {CliError} `NOT_FOUND` when there is none.
 */
export async function getSpinApp(
  kube: Kube,
  ref: { readonly name: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<SpinAppObject> {
  return found(
    kube.get(SPIN_APPS, ref, signal).catch(async (error: unknown) => {
      if (!isKubeError(error, "NotFound")) throw error;
      const older = await ifServed(kube.get(OLDER_SPIN_APPS, ref, signal));
      if (older === undefined) throw error;
      return older;
    }),
    SPIN_APPS,
    { what: APPLICATION, name: ref.name },
  );
}

/** Where the API has it. */
export function resourceOfApp({ apiVersion = "" }: SpinAppObject): Resource<SpinAppObject> {
  return apiVersion.startsWith(`${SPIN_OLDER_GROUP}/`) ? OLDER_SPIN_APPS : SPIN_APPS;
}

/** All of a namespace, or of the cluster, of both groups; by namespace and name. */
export async function listSpinApps(
  kube: Kube,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly SpinAppObject[]> {
  const options = { namespace, project: (app: SpinAppObject) => app };
  const { items } = await found(kube.list(SPIN_APPS, options, signal), SPIN_APPS, { what: APPLICATION });
  const older = await ifServed(kube.list(OLDER_SPIN_APPS, options, signal));
  if (older === undefined || older.items.length === 0) return items;
  return [...items, ...older.items].toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
}

/** A NUL comes before all that names can have. */
function placeOf({ metadata }: SpinAppObject): string {
  return `${metadata?.namespace ?? ""}\0${metadata?.name ?? ""}`;
}

/** Undefined where the older group is not there, not for this user, or has no such object. */
async function ifServed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isKubeError(error, "NotFound", "Forbidden")) return undefined;
    throw error;
  }
}

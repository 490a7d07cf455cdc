import { isKubeError, type Kube } from "@rcm/lib/kube";
import { checkSpinApp } from "./check.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Prepared } from "./plan.ts";
import type { Problem } from "./problem.ts";
import { objectOf, valueKeyOf, type Reference } from "./references.ts";
import { CONFIG_MAPS, SECRETS } from "./resources.ts";
import { configSecretName, runtimeConfigToml } from "./runtime-config.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

export interface PrepareInput {
  readonly app: SpinAppObject;
  readonly executor: ExecutorObject;
  readonly references: readonly Reference[];
}

/** What came of the references, and the versions of the objects that it rests on. */
export interface Preparation {
  readonly result: Prepared | Problem;
  /** By `objectOf`; undefined for one that is missing. */
  readonly versions: ReadonlyMap<string, string | undefined>;
}

/** Requests at a time for one SpinApp. */
const CONCURRENCY = 4;

/** Reads what a SpinApp refers to: each object once, and live, so that no Secret lies in memory. */
export async function prepare(
  kube: Pick<Kube, "get">,
  { app, executor, references }: PrepareInput,
  signal: AbortSignal,
): Promise<Preparation> {
  const problem = checkSpinApp(app, executor);
  if (problem !== undefined) return { result: problem, versions: new Map() };
  const found = await read(kube, app.metadata.namespace ?? "", references, signal);
  const versions = new Map([...found].map(([object, data]) => [object, data?.version]));
  const missing = references.map((reference) => missingOf(reference, found)).find((one) => one !== undefined);
  if (missing !== undefined) return { result: missing, versions };
  return { result: prepared(app, executor, references, found), versions };
}

/** Whether what was prepared is a problem. */
export function isProblem(result: Prepared | Problem): result is Problem {
  return "reason" in result;
}

function prepared(
  app: SpinAppObject,
  executor: ExecutorObject,
  references: readonly Reference[],
  found: Objects,
): Prepared {
  const config = app.spec.runtimeConfig;
  const restarts = references.filter(({ use }) => use === "restart");
  const restartKey =
    restarts.length === 0 ? undefined : fingerprint(restarts.map((one) => [valueKeyOf(one), storedOf(one, found)]));
  const loaded = config?.loadFromSecret ?? "";
  if (!executor.spec.createDeployment) return { secretName: undefined, toml: undefined, restartKey: undefined };
  if (loaded !== "") return { secretName: loaded, toml: undefined, restartKey };
  const toml = runtimeConfigToml(config, valuesOf(references, found));
  const secretName = toml === undefined ? undefined : configSecretName(app.metadata.name ?? "", toml);
  return { secretName, toml, restartKey };
}

interface Found {
  readonly version: string | undefined;
  readonly data: ReadonlyMap<string, string>;
  /** The same as it is stored, in base64 if it may be no text. */
  readonly stored: ReadonlyMap<string, string>;
}

type Objects = ReadonlyMap<string, Found | undefined>;

async function read(
  kube: Pick<Kube, "get">,
  namespace: string,
  references: readonly Reference[],
  signal: AbortSignal,
): Promise<Objects> {
  const wanted = new Map(references.map((reference) => [objectOf(reference), reference]));
  const queue = wanted.entries();
  const found = new Map<string, Found | undefined>();
  async function work(): Promise<void> {
    for (const [object, reference] of queue) found.set(object, await readOne(kube, namespace, reference, signal));
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, wanted.size) }, work));
  return found;
}

async function readOne(
  kube: Pick<Kube, "get">,
  namespace: string,
  { kind, name }: Reference,
  signal: AbortSignal,
): Promise<Found | undefined> {
  if (name === "") return undefined;
  try {
    const resource = kind === "Secret" ? SECRETS : CONFIG_MAPS;
    const { metadata, data = {}, binaryData = {} } = await kube.get(resource, { namespace, name }, signal);
    const entries = Object.entries(data).map(
      ([key, value]) => [key, kind === "Secret" ? decoded(value) : value] as const,
    );
    const stored = new Map(Object.entries({ ...data, ...binaryData }));
    return { version: metadata?.resourceVersion, data: new Map(entries), stored };
  } catch (error) {
    if (isKubeError(error, "NotFound")) return undefined;
    throw error;
  }
}

function decoded(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

function missingOf(reference: Reference, found: Objects): Problem | undefined {
  const { kind, name, key, optional, field } = reference;
  if (optional || key === undefined) return undefined;
  const object = found.get(objectOf(reference));
  if (object === undefined) {
    const message = `${field} names ${kind} "${name}", which is not in the namespace: create it with the key "${key}", or change the field`;
    return { reason: `${kind}NotFound`, message };
  }
  if (object.data.has(key)) return undefined;
  const message = `${field} names key "${key}" of ${kind} "${name}", which has no such key: add it, or change the field`;
  return { reason: "KeyNotFound", message };
}

function valuesOf(references: readonly Reference[], found: Objects): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const reference of references) {
    const value = found.get(objectOf(reference))?.data.get(reference.key ?? "");
    if (value !== undefined) values.set(valueKeyOf(reference), value);
  }
  return values;
}

/** What pods see of it, for comparison. */
function storedOf(reference: Reference, found: Objects): unknown {
  const stored = found.get(objectOf(reference))?.stored;
  if (reference.key !== undefined) return stored?.get(reference.key);
  return stored === undefined ? undefined : [...stored].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

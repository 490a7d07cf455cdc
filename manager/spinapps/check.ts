import type { Problem } from "./problem.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

/** `core.spinkube.dev/app.<name>.status` is a label's key: at most 63 characters after the slash. */
const MAX_NAME = 52;
const NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
/** Volumes of our own. */
const OUR_VOLUMES: ReadonlySet<string> = new Set(["spin-runtime-config", "spin-ca"]);

/**
 * What is wrong with a SpinApp as it is written; undefined when nothing is. The CRD refuses most of it already, but not
 * what was stored before it said so, and nothing about the executor.
 */
export function checkSpinApp(app: SpinAppObject, executor: ExecutorObject): Problem | undefined {
  const name = app.metadata.name ?? "";
  return (
    nameProblem(name) ??
    executorProblem(executor) ??
    unusedAnnotations(app, executor) ??
    duplicateStore(app) ??
    duplicateVariable(app) ??
    volumeProblem(app) ??
    probeProblem(app)
  );
}

function nameProblem(name: string): Problem | undefined {
  if (name.length > MAX_NAME) {
    const message = `metadata.name "${name}" has ${name.length} characters, and at most ${MAX_NAME} fit in the key of a label: create the SpinApp under a shorter name`;
    return { reason: "NameTooLong", message };
  }
  if (NAME.test(name)) return undefined;
  const message = `metadata.name "${name}" cannot be the name of a Service: create the SpinApp under a name that begins with a letter and has lower case letters, digits and dashes only`;
  return { reason: "NameInvalid", message };
}

function executorProblem({ metadata, spec }: ExecutorObject): Problem | undefined {
  const { runtimeClassName, spinImage } = spec.deploymentConfig ?? {};
  if (!spec.createDeployment || (runtimeClassName === undefined) !== (spinImage === undefined)) return undefined;
  const count = runtimeClassName === undefined ? "neither" : "both";
  const message = `SpinAppExecutor "${metadata.name ?? ""}" has ${count} of spec.deploymentConfig.runtimeClassName and spinImage: set one`;
  return { reason: "ExecutorInvalid", message };
}

function unusedAnnotations({ spec }: SpinAppObject, executor: ExecutorObject): Problem | undefined {
  if (executor.spec.createDeployment) return undefined;
  const field = (["deploymentAnnotations", "podAnnotations"] as const).find(
    (one) => Object.keys(spec[one] ?? {}).length > 0,
  );
  if (field === undefined) return undefined;
  const value = JSON.stringify(spec[field]);
  const message = `spec.${field} ${value} can't be set when the executor does not use operator deployments, as "${executor.metadata.name ?? ""}": remove it, or choose another spec.executor`;
  return { reason: "AnnotationsNotUsed", message };
}

function duplicateStore({ spec }: SpinAppObject): Problem | undefined {
  const { keyValueStores = [], sqliteDatabases = [] } = spec.runtimeConfig ?? {};
  const lists = [
    ["keyValueStores", keyValueStores],
    ["sqliteDatabases", sqliteDatabases],
  ] as const;
  for (const [field, stores] of lists) {
    const at = firstRepeat(stores.map(({ name }) => name));
    if (at === undefined) continue;
    const message = `spec.runtimeConfig.${field}[${at}].name "${stores[at]?.name ?? ""}" is there before: remove one, or rename it`;
    return { reason: "DuplicateStore", message };
  }
  return undefined;
}

function duplicateVariable({ spec: { variables = [] } }: SpinAppObject): Problem | undefined {
  const at = firstRepeat(variables.map(({ name }) => name.toUpperCase()));
  if (at === undefined) return undefined;
  const message = `spec.variables[${at}].name "${variables[at]?.name ?? ""}" is there before (upper and lower case are the same): remove one`;
  return { reason: "DuplicateVariable", message };
}

function volumeProblem({ spec: { volumes = [], volumeMounts = [] } }: SpinAppObject): Problem | undefined {
  const taken = volumes.findIndex(({ name }) => OUR_VOLUMES.has(name));
  if (taken !== -1) {
    const message = `spec.volumes[${taken}].name "${volumes[taken]?.name ?? ""}" is taken by a volume of our own: choose another name`;
    return { reason: "VolumeNameTaken", message };
  }
  const lost = volumeMounts.findIndex((mount) => !volumes.some(({ name }) => name === mount.name));
  if (lost === -1) return undefined;
  const message = `spec.volumeMounts[${lost}].name "${volumeMounts[lost]?.name ?? ""}" is none of spec.volumes: add the volume or remove the mount`;
  return { reason: "VolumeNotFound", message };
}

function probeProblem({ spec }: SpinAppObject): Problem | undefined {
  for (const kind of ["readiness", "liveness"] as const) {
    const probe: { readonly httpGet?: object } | undefined = spec.checks?.[kind];
    if (probe === undefined || probe.httpGet !== undefined) continue;
    const message = `spec.checks.${kind}.httpGet is missing: give it a path, or remove spec.checks.${kind}`;
    return { reason: "ProbeInvalid", message };
  }
  return undefined;
}

/** Index of the first name that is there before. */
function firstRepeat(names: readonly string[]): number | undefined {
  const at = names.findIndex((name, index) => names.indexOf(name) < index);
  return at === -1 ? undefined : at;
}

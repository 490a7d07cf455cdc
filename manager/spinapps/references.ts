import { podReferences } from "./pod-references.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

/** A key of a Secret or ConfigMap that a SpinApp needs, or all of it. */
export interface Reference {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  /** Undefined: all. */
  readonly key: string | undefined;
  readonly optional: boolean;
  /** Where it is written, for messages. */
  readonly field: string;
  /** `config`: the value goes into the runtime configuration. `restart`: a change of the value replaces the pods. */
  readonly use: "config" | "restart";
}

interface KeyRef {
  readonly name?: string;
  readonly key: string;
  readonly optional?: boolean;
}

interface Sourced {
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: KeyRef; readonly configMapKeyRef?: KeyRef };
}

/** Key in a Secret with a runtime configuration. */
export const CONFIG_FILE = "runtime-config.toml";
/** Key in a Secret with certificates. */
export const CA_FILE = "ca-certificates.crt";

/** Every reference, in the order in which problems with them are told. */
export function referencesOf({ spec }: SpinAppObject, executor: ExecutorObject): readonly Reference[] {
  if (!executor.spec.createDeployment) return [];
  const from = spec.runtimeConfig?.loadFromSecret ?? "";
  return [
    ...(from === "" ? optionReferences(spec.runtimeConfig ?? {}) : [loaded(from)]),
    ...(spec.variables ?? []).flatMap((item, at) => sourceOf(item, `spec.variables[${at}]`, "restart")),
    ...(spec.env ?? []).flatMap((item, at) => sourceOf(item, `spec.env[${at}]`, "restart")),
    ...certificates(executor),
    ...podReferences(spec),
  ];
}

function loaded(name: string): Reference {
  const field = "spec.runtimeConfig.loadFromSecret";
  return { kind: "Secret", name, key: CONFIG_FILE, optional: false, field, use: "restart" };
}

function certificates({ metadata, spec }: ExecutorObject): readonly Reference[] {
  const { caCertSecret: name = "", installDefaultCACerts = false } = spec.deploymentConfig ?? {};
  if (name === "" || installDefaultCACerts) return [];
  const field = `spec.deploymentConfig.caCertSecret of the SpinAppExecutor "${metadata.name ?? ""}"`;
  return [{ kind: "Secret", name, key: CA_FILE, optional: false, field, use: "restart" }];
}

type RuntimeConfig = NonNullable<SpinAppObject["spec"]["runtimeConfig"]>;

function optionReferences({ sqliteDatabases, keyValueStores, llmCompute }: RuntimeConfig): readonly Reference[] {
  const base = "spec.runtimeConfig";
  const lists = [
    ...(sqliteDatabases ?? []).map(({ options }, at) => [options, `${base}.sqliteDatabases[${at}]`] as const),
    ...(keyValueStores ?? []).map(({ options }, at) => [options, `${base}.keyValueStores[${at}]`] as const),
    [llmCompute?.options, `${base}.llmCompute`] as const,
  ];
  return lists.flatMap(([options, path]) =>
    (options ?? []).flatMap((option, at) => sourceOf(option, `${path}.options[${at}]`, "config")),
  );
}

function sourceOf({ value = "", valueFrom }: Sourced, path: string, use: Reference["use"]): readonly Reference[] {
  if (value !== "" || valueFrom === undefined) return [];
  const { configMapKeyRef, secretKeyRef } = valueFrom;
  if (configMapKeyRef !== undefined) {
    return [referenceOf("ConfigMap", configMapKeyRef, { field: `${path}.valueFrom.configMapKeyRef`, use })];
  }
  if (secretKeyRef === undefined) return [];
  return [referenceOf("Secret", secretKeyRef, { field: `${path}.valueFrom.secretKeyRef`, use })];
}

function referenceOf(
  kind: Reference["kind"],
  { name = "", key, optional = false }: KeyRef,
  where: Pick<Reference, "field" | "use">,
): Reference {
  return { kind, name, key, optional, ...where };
}

/** `Secret/name` */
export function objectOf({ kind, name }: Pick<Reference, "kind" | "name">): string {
  return `${kind}/${name}`;
}

/** `Secret/name/key`, or `Secret/name/` for all of it. */
export function valueKeyOf({ kind, name, key = "" }: Pick<Reference, "kind" | "name" | "key">): string {
  return `${kind}/${name}/${key}`;
}

import { createHash } from "node:crypto";
import { valueKeyOf } from "./references.ts";
import type { SpinAppObject } from "./spinapp-object.ts";

type RuntimeConfig = NonNullable<SpinAppObject["spec"]["runtimeConfig"]>;
type Store = NonNullable<RuntimeConfig["keyValueStores"]>[number];
type Options = Store["options"];

/** What references resolve to, by `valueKeyOf`; optional ones may be missing. */
export type Values = ReadonlyMap<string, string>;

/** Options of aws_dynamo and of SQLite files that Spin wants as booleans; every option is text in a SpinApp. */
const BOOLEANS: ReadonlySet<string> = new Set(["consistent_read", "allow_attach_file"]);

/**
 * The runtime configuration as Spin reads it; undefined when there is none. It names no provider of variables: Spin
 * always asks the environment, with the prefix that ours have.
 */
export function runtimeConfigToml(config: RuntimeConfig | undefined, values: Values): string | undefined {
  const { keyValueStores = [], sqliteDatabases = [], llmCompute } = config ?? {};
  const tables = [
    ...keyValueStores.map((store) => table(`key_value_store.${bare(store.name)}`, store, values)),
    ...sqliteDatabases.map((store) => table(`sqlite_database.${bare(store.name)}`, store, values)),
    ...(llmCompute === undefined ? [] : [table("llm_compute", llmCompute, values)]),
  ];
  return tables.length === 0 ? undefined : tables.join("\n");
}

/** The name changes with the content, so that a change replaces the pods and nothing else does. */
export function configSecretName(app: string, toml: string): string {
  return `${app}-${createHash("sha256").update(toml).digest("hex").slice(0, 10)}`;
}

function table(head: string, { type, options }: Pick<Store, "type" | "options">, values: Values): string {
  const fields = new Map([["type", string(type)], ...fieldsOf(options, values)]);
  const lines = [...fields].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${bare(key)} = ${value}\n`);
  return `[${head}]\n${lines.join("")}`;
}

function fieldsOf(options: Options, values: Values): readonly (readonly [string, string])[] {
  return (options ?? []).flatMap((option) => {
    const value = valueOf(option, values);
    if (value === undefined) return [];
    const isBoolean = BOOLEANS.has(option.name) && (value === "true" || value === "false");
    return [[option.name, isBoolean ? value : string(value)] as const];
  });
}

/** Undefined when an optional source is missing. */
function valueOf({ value = "", valueFrom }: NonNullable<Options>[number], values: Values): string | undefined {
  const { configMapKeyRef, secretKeyRef } = valueFrom ?? {};
  if (value !== "" || (configMapKeyRef === undefined && secretKeyRef === undefined)) return value;
  if (configMapKeyRef !== undefined) return lookUp("ConfigMap", configMapKeyRef, values);
  return secretKeyRef === undefined ? value : lookUp("Secret", secretKeyRef, values);
}

function lookUp(
  kind: "ConfigMap" | "Secret",
  { name = "", key }: { readonly name?: string; readonly key: string },
  values: Values,
): string | undefined {
  return values.get(valueKeyOf({ kind, name, key }));
}

function bare(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : string(key);
}

/** JSON's escapes are TOML's; DEL is the one character that only TOML escapes. */
function string(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll("\u007F", String.raw`\u007F`);
}

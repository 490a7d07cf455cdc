import { isLabel, isVariableName } from "../document/identifiers.ts";
import { quote } from "../document/quote.ts";
import { isFields, type Table } from "../document/table.ts";
import { convertHttpHosts } from "./allowed-http-hosts.ts";
import type { ManifestComponent, ManifestFile, ManifestSource } from "./spin-manifest.ts";

/** Read by tools only. */
const OF_TOOLS: readonly string[] = ["build", "tool", "targets", "profile"];

/**
 * A component of a manifest of version 2.
 *
 * @throws {SpinError} `INVALID`
 */
export function readManifestComponent(id: string, table: Table): ManifestComponent {
  const component = {
    ...readCommonFields(id, table),
    variables: readTemplates(table, "variables"),
    allowedOutboundHosts: [...table.texts("allowed_outbound_hosts"), ...convertHttpHosts(table)],
    dependencies: table.section("dependencies").names,
  };
  table.optionalFlag("dependencies_inherit_configuration");
  for (const name of OF_TOOLS) table.value(name);
  table.refuseOthers();
  return component;
}

/**
 * What both versions write in the same way.
 *
 * @throws {SpinError} `INVALID`
 */
export function readCommonFields(
  id: string,
  table: Table,
): Omit<ManifestComponent, "variables" | "allowedOutboundHosts" | "dependencies"> {
  return {
    id,
    description: table.nonEmptyText("description"),
    source: readSource(table),
    environment: table.textMap("environment"),
    files: readFiles(table),
    excludeFiles: table.texts("exclude_files"),
    keyValueStores: readLabels(table, "key_value_stores"),
    sqliteDatabases: readLabels(table, "sqlite_databases"),
    aiModels: table.texts("ai_models"),
  };
}

/** Names of variables, and their templates. @throws {SpinError} `INVALID` */
export function readTemplates(table: Table, name: string): Readonly<Record<string, string>> {
  const templates = table.textMap(name);
  const wrong = Object.keys(templates).find((key) => !isVariableName(key));
  if (wrong === undefined) return templates;
  throw table.error(name, `${quote(wrong)} is no name of a variable`, "write it as my_name");
}

function readSource(table: Table): ManifestSource {
  const value = table.value("source");
  if (typeof value === "string") return { kind: "path", path: table.text("source") };
  const remedy = 'write the path of its .wasm file: source = "app.wasm"';
  if (value === undefined) throw table.error("source", "it is missing", remedy);
  if (!isFields(value)) throw table.error("source", `${quote(value)} is no path`, remedy);
  const source = table.section("source");
  if (source.has("url")) {
    source.text("digest");
    return complete(source, { kind: "url", url: source.text("url") });
  }
  source.optionalText("registry");
  source.text("version");
  return complete(source, { kind: "registry", package: source.text("package") });
}

function readFiles(table: Table): readonly ManifestFile[] {
  const value = table.value("files") ?? [];
  if (!Array.isArray(value) || value.every((item) => typeof item === "string")) {
    return table.texts("files").map((pattern) => ({ kind: "pattern", pattern }));
  }
  return value.map((item: unknown, index) => {
    if (typeof item === "string") return { kind: "pattern", pattern: item };
    const file = table.item("files", index);
    return complete(file, {
      kind: "placement",
      source: file.text("source"),
      destination: file.text("destination"),
    });
  });
}

function readLabels(table: Table, name: string): readonly string[] {
  const labels = table.texts(name);
  const wrong = labels.find((label) => !isLabel(label));
  if (wrong === undefined) return labels;
  throw table.error(name, `${quote(wrong)} is no label`, 'use words with "-" or "_" between them');
}

function complete<Value>(table: Table, value: Value): Value {
  table.refuseOthers();
  return value;
}

import { isKebab } from "../document/identifiers.ts";
import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";
import { nameTriggers, type ReadTrigger } from "./name-triggers.ts";
import { readManifestComponent } from "./read-manifest-component.ts";
import { readVariables } from "./read-variables.ts";
import type { ManifestComponent, SpinManifest } from "./spin-manifest.ts";

/** @throws {SpinError} */
export function readManifestV2(root: Table): SpinManifest {
  const details = readDetails(root);
  const variables = readVariables(root);
  const declared = root.namedTables("component").map(([id, table]) => {
    if (isKebab(id)) return readManifestComponent(id, table);
    throw table.error(undefined, `${quote(id)} is no id of a component`, 'use words with "-" between them: my-app');
  });
  const { triggers, components } = nameTriggers(readTriggers(root), declared);
  return { ...details, variables, triggers, components };
}

function readDetails(root: Table): Pick<SpinManifest, "name" | "version" | "description" | "triggerSettings"> {
  const table = root.section("application");
  const settings = table.namedTables("trigger").map(([type, each]) => [type, each.rest] as const);
  const details = {
    name: table.text("name"),
    version: table.nonEmptyText("version"),
    description: table.nonEmptyText("description"),
    triggerSettings: Object.fromEntries(settings),
  };
  table.value("authors");
  table.value("targets");
  table.value("tool");
  table.refuseOthers();
  return details;
}

function readTriggers(root: Table): readonly ReadTrigger[] {
  const types = root.section("trigger");
  return types.names.flatMap((type) => types.tables(type).map((table) => readTrigger(type, table)));
}

function readTrigger(type: string, table: Table): ReadTrigger {
  if (table.has("components")) {
    throw table.unsupported("components", "this executor has triggers of one component only", "write component");
  }
  const id = table.nonEmptyText("id");
  const component = readComponentOf(table);
  return { type, id, component, config: table.rest };
}

/** Its id, or all of it. */
function readComponentOf(table: Table): string | ((id: string) => ManifestComponent) | undefined {
  const value = table.value("component");
  if (value === undefined || typeof value === "string") return value;
  const inline = table.section("component");
  return (id) => readManifestComponent(id, inline);
}

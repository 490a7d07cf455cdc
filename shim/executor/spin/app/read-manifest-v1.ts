import { isKebab } from "../document/identifiers.ts";
import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";
import { convertHttpHosts } from "./allowed-http-hosts.ts";
import type { LockedTrigger } from "./locked-app.ts";
import { readCommonFields, readTemplates } from "./read-manifest-component.ts";
import { readVariables } from "./read-variables.ts";
import type { ManifestComponent, SpinManifest } from "./spin-manifest.ts";

/** Before there was a list of hosts all of them could be connected to. */
const DATABASES: readonly string[] = ["redis://*:*", "mysql://*:*", "postgres://*:*"];

/** @throws {SpinError} */
export function readManifestV1(root: Table): SpinManifest {
  const trigger = root.section("trigger");
  const type = trigger.text("type");
  const read = root.tables("component").map((table) => readComponent(type, table));
  root.value("authors");
  return {
    name: root.text("name"),
    version: root.nonEmptyText("version"),
    description: root.nonEmptyText("description"),
    variables: readVariables(root),
    triggerSettings: { [type]: trigger.rest },
    triggers: read.map((each) => each.trigger),
    components: read.map((each) => each.component),
  };
}

function readComponent(
  type: string,
  table: Table,
): { readonly trigger: LockedTrigger; readonly component: ManifestComponent } {
  const id = readId(table);
  const { rest } = table.section("trigger");
  const component = {
    ...readCommonFields(id, table),
    variables: readTemplates(table, "config"),
    allowedOutboundHosts: readHosts(table),
    dependencies: [],
  };
  table.value("build");
  table.refuseOthers();
  return { trigger: { id: `trigger-${id}`, type, config: { ...rest, component: id } }, component };
}

/** Version 2 is stricter: `my_App` becomes `my-app`. */
function readId(table: Table): string {
  const text = table.text("id");
  const id = isKebab(text) ? text : text.replaceAll("_", "-").toLowerCase();
  if (isKebab(id)) return id;
  throw table.error("id", `${quote(text)} is no id of a component`, 'use words with "-" between them: my-app');
}

function readHosts(table: Table): readonly string[] {
  const listed = table.has("allowed_outbound_hosts") ? table.texts("allowed_outbound_hosts") : DATABASES;
  return [...listed, ...convertHttpHosts(table)];
}

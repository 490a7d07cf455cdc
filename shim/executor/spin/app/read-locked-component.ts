import { isComponentId } from "../document/identifiers.ts";
import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";
import { guestPath } from "./guest-path.ts";
import { refuseRequirements } from "./host-requirements.ts";
import type { LockedComponent, LockedFile } from "./locked-app.ts";
import { readContent } from "./read-content.ts";

/** @throws {SpinError} `INVALID` or `UNSUPPORTED` */
export function readLockedComponent(table: Table): LockedComponent {
  const id = table.text("id");
  if (!isComponentId(id)) {
    throw table.error("id", `${quote(id)} is no name of a component`, "use letters, digits and -, up to 256");
  }
  refuseRequirements(table);
  refuseDependencies(table);
  const metadata = table.section("metadata");
  return {
    id,
    description: metadata.nonEmptyText("description"),
    source: readContent(table.section("source")),
    environment: table.textMap("env"),
    files: table.tables("files").map((file) => readFile(file)),
    variables: table.textMap("config"),
    allowedOutboundHosts: metadata.texts("allowed_outbound_hosts"),
    keyValueStores: metadata.texts("key_value_stores"),
    sqliteDatabases: metadata.texts("databases"),
    aiModels: metadata.texts("ai_models"),
  };
}

function refuseDependencies(table: Table): void {
  const [first] = table.section("dependencies").names;
  if (first === undefined) return;
  const is = `${quote(first)} is a component of its own, which this executor does not put in`;
  throw table.unsupported("dependencies", is, "push the application with Spin 3, which composes its components");
}

function readFile(file: Table): LockedFile {
  const content = readContent(file);
  return { content, path: guestPath(file, "path", content.kind === "file" ? "absolute" : "relative") };
}

import { parseJsonDocument } from "../document/parse-document.ts";
import { quote } from "../document/quote.ts";
import type { Fields, Table } from "../document/table.ts";
import { checkReferences } from "./check-references.ts";
import { refuseRequirements } from "./host-requirements.ts";
import type { AppVariable, LockedApp, LockedTrigger } from "./locked-app.ts";
import { readLockedComponent } from "./read-locked-component.ts";

const MAX_BYTES = 16 * 1024 * 1024;
const UNDERSTOOD: ReadonlySet<string> = new Set(["host_requirements", "component_host_requirements"]);

/**
 * The locked application in the text of a `spin.json`, as `spin registry push` writes it into an image. Fields that are
 * not known are ignored, as Spin does.
 *
 * What is checked: types, limits, references to components, that paths in the guest stay below its root. What is not:
 * the configs of triggers, and whether the content exists. A `file` reference is any path that the author wrote: whoever
 * loads an application of strangers refuses those that lead out of its folder.
 *
 * @throws {SpinError} `INVALID`, or `UNSUPPORTED` for features that this executor does not have.
 */
export function parseLockedApp(text: string): LockedApp {
  const root = parseJsonDocument({ name: "the locked application (spin.json)", text, maxBytes: MAX_BYTES });
  checkVersion(root);
  refuseRequirements(root);
  const metadata = root.section("metadata");
  const app = {
    name: metadata.nonEmptyText("name") ?? "unnamed",
    version: metadata.nonEmptyText("version"),
    description: metadata.nonEmptyText("description"),
    variables: new Map(root.namedTables("variables").map(([name, table]) => [name, readVariable(table)])),
    triggers: root.tables("triggers").map((table) => readTrigger(table)),
    components: root.tables("components").map((table) => readLockedComponent(table)),
    triggerSettings: readTriggerSettings(metadata),
  };
  checkReferences(app);
  return app;
}

function checkVersion(root: Table): void {
  const version = root.value("spin_lock_version");
  const remedy = "push the application again with Spin 2 or 3";
  if (version !== 0 && version !== 1) {
    throw root.unsupported("spin_lock_version", `${quote(version)} is neither 0 nor 1`, remedy);
  }
  const unknown = root.texts("must_understand").find((feature) => !UNDERSTOOD.has(feature));
  if (unknown !== undefined) {
    throw root.unsupported("must_understand", `this executor does not know ${quote(unknown)}`, remedy);
  }
}

function readVariable(table: Table): AppVariable {
  return {
    default: table.optionalText("default"),
    isSecret: table.optionalFlag("secret") ?? false,
    description: table.nonEmptyText("description"),
  };
}

function readTrigger(table: Table): LockedTrigger {
  return {
    id: table.text("id"),
    type: table.text("trigger_type"),
    config: table.section("trigger_config").rest,
  };
}

/** By the type; Spin 1 had one type, and its name among the settings. */
function readTriggerSettings(metadata: Table): Readonly<Record<string, Fields>> {
  const single = metadata.section("trigger");
  const type = single.optionalText("type");
  const old = type === undefined ? [] : [[type, single.rest] as const];
  const all = metadata.namedTables("triggers").map(([name, table]) => [name, table.rest] as const);
  return Object.fromEntries([...old, ...all]);
}

import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";

/** Features that an application may demand of its host, and that we have. */
const SUPPORTED: ReadonlySet<string> = new Set(["local_service_chaining"]);

/** @throws {SpinError} `UNSUPPORTED` if a locked application, or a component of it, demands what we do not have. */
export function refuseRequirements(owner: Table): void {
  const requirements = owner.section("host_requirements");
  const missing = requirements.names.find((name) => !SUPPORTED.has(name) && requirements.value(name) !== "optional");
  if (missing === undefined) return;
  const is = `this executor does not have ${quote(missing)}`;
  throw requirements.unsupported(missing, is, "make the application without it, or mark it as optional");
}

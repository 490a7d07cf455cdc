import type { CoreModule } from "../core/core-module.ts";
import { ComponentError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { CoreInstancePlan } from "../types/items.ts";

/**
 * Makes sure that an instance does not begin larger than a process can bear: all its tables are in V8's heap, whose end is
 * that of the process.
 *
 * @throws {ComponentError} `LIMIT`.
 */
export function checkSize(instances: readonly CoreInstancePlan[], modules: readonly CoreModule[]): void {
  const own = instances.flatMap(({ module }) => modules[module] ?? []);
  refuseMore(
    "memories",
    own.map(({ memories, imported }) => memories.length - imported.memories),
    LIMITS.memories,
  );
  const tables = own.flatMap(({ tables: all, imported }) => all.slice(imported.tables));
  refuseMore("tables", [tables.length], LIMITS.tables);
  refuseMore(
    "elements of tables",
    tables.map(({ limits }) => limits.min),
    LIMITS.tableElements,
  );
}

function refuseMore(what: string, counts: readonly number[], limit: number): void {
  const sum = counts.reduce((all, count) => all + count, 0);
  if (sum <= limit) return;
  throw new ComponentError("LIMIT", `Cannot prepare the component: it begins with ${sum} ${what}, more than ${limit}`);
}

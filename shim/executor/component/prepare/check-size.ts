import type { CoreLimits } from "../binary/core-extern.ts";
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

/**
 * Makes sure that all memories of an instance together do not begin larger than they may grow.
 *
 * @throws {ComponentError} `LIMIT`.
 */
export function checkMemory(
  instances: readonly CoreInstancePlan[],
  modules: readonly CoreModule[],
  maxPages: number,
): void {
  const pages = memoriesOf(instances, modules).map(({ min }) => min);
  refuseMore("pages of memory", pages, maxPages);
}

/** The memories that an instance of the component has. */
export function memoriesOf(
  instances: readonly CoreInstancePlan[],
  modules: readonly CoreModule[],
): readonly CoreLimits[] {
  return instances.flatMap(({ module }) => {
    const { memories, imported } = modules[module] ?? { memories: [], imported: { memories: 0 } };
    return memories.slice(imported.memories);
  });
}

function refuseMore(what: string, counts: readonly number[], limit: number): void {
  const sum = counts.reduce((all, count) => all + count, 0);
  if (sum <= limit) return;
  throw new ComponentError("LIMIT", `Cannot prepare the component: it begins with ${sum} ${what}, more than ${limit}`);
}

/** Counts what the core modules of a component have, so that what is small in the file does not take long to prepare. */
export class CoreItemCounts {
  readonly #counts = new Map<string, number>();

  /** @throws {ComponentError} `LIMIT` if all modules so far have too much. */
  add({ types, functions, globals, imports, exports, sections }: CoreModule): void {
    for (const [what, { length }] of Object.entries({ types, functions, globals, imports, exports, sections })) {
      const count = (this.#counts.get(what) ?? 0) + length;
      this.#counts.set(what, count);
      if (count <= LIMITS.coreItems) continue;
      const message = `its core modules have more than ${LIMITS.coreItems} ${what}`;
      throw new ComponentError("LIMIT", `Cannot prepare the component: ${message}`);
    }
  }
}

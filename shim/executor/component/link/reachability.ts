import type { CoreFunc, CoreInstancePlan, CoreItem, Func } from "../types/items.ts";

/** Says which core instances can reach a blocking host function, and so may be suspended. */
export class Reachability {
  readonly #blocks: (func: Extract<Func, { kind: "host" }>) => boolean;
  /** Core instances that share anything, by their group's first. */
  readonly #groups = new Map<CoreInstancePlan, CoreInstancePlan>();
  readonly #lowered = new Map<CoreInstancePlan, Func[]>();
  readonly #known = new Map<CoreInstancePlan, boolean>();

  constructor(instances: readonly CoreInstancePlan[], blocks: (func: Extract<Func, { kind: "host" }>) => boolean) {
    this.#blocks = blocks;
    for (const instance of instances) this.#add(instance);
  }

  #add(instance: CoreInstancePlan): void {
    const items = instance.imports.map(({ item }) => item);
    for (const other of items.map(exporterOf)) if (other !== undefined) this.#unite(instance, other);
    const lowered = items.flatMap((item) =>
      item.sort === "core func" && item.value.kind === "lowered" ? [item.value.func] : [],
    );
    this.#lowered.set(instance, lowered);
  }

  #unite(left: CoreInstancePlan, right: CoreInstancePlan): void {
    const from = this.#groupOf(left);
    const to = this.#groupOf(right);
    if (from !== to) this.#groups.set(from, to);
  }

  #groupOf(instance: CoreInstancePlan): CoreInstancePlan {
    let group = instance;
    for (let next = this.#groups.get(group); next !== undefined; next = this.#groups.get(group)) {
      group = next;
    }
    return group;
  }

  /** Whether a call of this core function may be suspended. */
  mayBlock(func: CoreFunc): boolean {
    if (func.kind === "resource") return false;
    if (func.kind === "lowered") return this.#funcMayBlock(func.func);
    return this.#groupMayBlock(this.#groupOf(func.instance));
  }

  #funcMayBlock(func: Func): boolean {
    return func.kind === "host" ? this.#blocks(func) : this.mayBlock(func.core);
  }

  #groupMayBlock(group: CoreInstancePlan): boolean {
    const known = this.#known.get(group);
    if (known !== undefined) return known;
    this.#known.set(group, true); // A cycle: be careful.
    const blocks = [...this.#lowered].some(
      ([instance, funcs]) => this.#groupOf(instance) === group && funcs.some((func) => this.#funcMayBlock(func)),
    );
    this.#known.set(group, blocks);
    return blocks;
  }
}

function exporterOf(item: CoreItem): CoreInstancePlan | undefined {
  if (item.sort === "core func") return item.value.kind === "export" ? item.value.instance : undefined;
  if (item.sort === "core table" || item.sort === "core memory" || item.sort === "core global") {
    return item.value.instance;
  }
  return undefined;
}

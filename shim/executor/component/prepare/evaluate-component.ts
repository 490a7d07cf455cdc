import type { ComponentAst } from "../binary/component-ast.ts";
import type { CoreModuleInfo } from "../core/core-module.ts";
import { Evaluator } from "../evaluate/evaluator.ts";
import type { CoreInstancePlan, Item, LiftedFunc } from "../types/items.ts";

/** A component after evaluation: plain data, in which functions refer to the core instances that they are lifted from. */
export interface ComponentPlan {
  readonly coreInstances: readonly CoreInstancePlan[];
  /** The functions that the root exports. */
  readonly exports: readonly ExportPlan[];
  /** How many component instances there are. */
  readonly guests: number;
}

export interface ExportPlan {
  /** With its version; empty for a function that is exported by itself. */
  readonly interface: string;
  readonly name: string;
  readonly func: LiftedFunc;
}

/**
 * Puts every argument in: what is left is a list of core modules, and functions between them and the host.
 *
 * @throws {ComponentError} `INVALID`, `UNSUPPORTED` or `LIMIT`.
 */
export function evaluateComponent(root: ComponentAst, modules: readonly CoreModuleInfo[]): ComponentPlan {
  const evaluator = new Evaluator(modules);
  const exports = [...evaluator.root(root)].flatMap(([name, item]) =>
    item.sort === "instance"
      ? [...item.value.exports].flatMap(([func, inner]) => functionOf(name, func, inner))
      : functionOf("", name, item),
  );
  return { coreInstances: evaluator.coreInstances, exports, guests: evaluator.componentInstances };
}

function functionOf(interfaceName: string, name: string, item: Item): ExportPlan[] {
  const isLifted = item.sort === "func" && item.value.kind === "lifted";
  return isLifted ? [{ interface: interfaceName, name, func: item.value }] : [];
}

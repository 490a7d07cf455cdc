import type { ComponentAst } from "../binary/component-ast.ts";
import { parseComponent } from "../binary/parse-component.ts";
import { parseCoreModule, type CoreModuleInfo } from "../core/core-module.ts";
import { indirectionOf, type Indirection } from "../core/indirection.ts";
import { resetObstacle } from "../core/reset-verdict.ts";
import { rewriteModule } from "../core/rewrite-module.ts";
import { wasm } from "../core/web-assembly.ts";
import { ComponentError } from "../errors.ts";
import { Evaluator } from "../evaluate/evaluator.ts";
import { meterModule } from "../meter/meter-module.ts";
import type { CoreInstancePlan, Item } from "../types/items.ts";

/** A component after evaluation: what to instantiate, and what the root exports. */
export interface ComponentPlan {
  readonly coreInstances: readonly CoreInstancePlan[];
  readonly exports: ReadonlyMap<string, Item>;
  /** How many component instances there are. */
  readonly guests: number;
}

/** A core module, rewritten so that its state can be put back. */
export interface PreparedModule {
  readonly bytes: Uint8Array;
  readonly info: CoreModuleInfo;
  /** Exports that hold the module's own memories and mutable globals. */
  readonly memories: readonly string[];
  readonly globals: readonly string[];
  readonly indirection: Indirection | undefined;
  /** Why instances may not be reset. */
  readonly resetObstacle: string | undefined;
}

/** A component that was parsed, validated and split, ready to be linked. */
export interface Prepared {
  readonly plan: ComponentPlan;
  readonly modules: readonly PreparedModule[];
}

export interface PrepareOptions {
  /** Whether the guest's code asks the host for leave to go on, now and then. */
  readonly meter?: "with-meter" | "without-meter";
  /** What each memory can grow to, in pages of 64 KiB. Default: 16,384, which is 1 GiB. */
  readonly maxMemoryPages?: number;
}

const DEFAULT_MAX_MEMORY_PAGES = 16_384;

/** @throws {ComponentError} if the bytes are no component, or one that this executor does not take. */
export function prepare(bytes: Uint8Array, options: PrepareOptions = {}): Prepared {
  const { root, modules } = parseComponent(bytes);
  const prepared = modules.map(({ start, end }, index) => prepareModule(bytes.subarray(start, end), index, options));
  return { plan: evaluate(root, prepared), modules: prepared };
}

/** Puts every argument in: what is left is a list of core modules, and functions between them and the host. */
export function evaluate(root: ComponentAst, modules: readonly PreparedModule[]): ComponentPlan {
  const evaluator = new Evaluator(modules.map(({ info }) => info));
  const exports = evaluator.root(root);
  return { coreInstances: evaluator.coreInstances, exports, guests: evaluator.componentInstances };
}

function prepareModule(bytes: Uint8Array, index: number, options: PrepareOptions): PreparedModule {
  const module = inModule(index, () => parseCoreModule(bytes));
  const rewritten = rewriteModule(module, bytes, options.maxMemoryPages ?? DEFAULT_MAX_MEMORY_PAGES);
  const indirection = inModule(index, () => indirectionOf(module, bytes));
  // A shim or a fixup has no loops, and calls nothing that could call it.
  const isMetered = options.meter === "with-meter" && indirection === undefined;
  const code = isMetered ? inModule(index, () => meterModule(rewritten.bytes)) : rewritten.bytes;
  inModule(index, () => validate(code));
  return {
    ...rewritten,
    bytes: code,
    info: { imports: module.imports, exports: module.exports.map(({ name, type }) => ({ name, type })) },
    indirection,
    resetObstacle: inModule(index, () => resetObstacle(module, bytes)),
  };
}

function validate(bytes: Uint8Array): void {
  if (wasm.validate(bytes)) return;
  throw new ComponentError("INVALID", "Cannot accept the component: V8 refuses it", { cause: refusalOf(bytes) });
}

/** `validate` only says no; compiling says why. */
function refusalOf(bytes: Uint8Array): unknown {
  try {
    return new wasm.Module(bytes);
  } catch (reason) {
    return reason;
  }
}

function inModule<Result>(index: number, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ComponentError)) throw error;
    throw new ComponentError(error.code, `Cannot prepare core module ${index}`, { cause: error });
  }
}

import { parseComponent } from "../binary/parse-component.ts";
import { checkNesting } from "../core/check-nesting.ts";
import { parseCoreModule, type CoreModule } from "../core/core-module.ts";
import { indirectionOf, type Indirection } from "../core/indirection.ts";
import { resetObstacle } from "../core/reset-verdict.ts";
import { rewriteModule } from "../core/rewrite-module.ts";
import { wasm } from "../core/web-assembly.ts";
import { ComponentError } from "../errors.ts";
import { meterModule, type MeterOptions } from "../meter/meter-module.ts";
import { checkHeap } from "./check-heap.ts";
import { checkMemory, checkSize, CoreItemCounts, memoriesOf } from "./check-size.ts";
import { evaluateComponent, type ComponentPlan } from "./evaluate-component.ts";
import { withSnapshot, type Snapshot } from "./snapshot.ts";

/** A core module, rewritten so that its state can be put back. */
export interface PreparedModule {
  readonly bytes: Uint8Array;
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
  /** The state that instances begin with, if the modules do not bring it about. */
  readonly snapshot?: Snapshot;
}

export interface PrepareOptions {
  /** Whether the guest's code asks the host for leave to go on, now and then. */
  readonly meter?: "with-meter" | "without-meter";
  /**
   * What all memories of an instance together can grow to, in pages of 64 KiB; without a meter each one. Default: 16,384,
   * which is 1 GiB.
   */
  readonly maxMemoryPages?: number;
}

const DEFAULT_MAX_MEMORY_PAGES = 16_384;

/** @throws {ComponentError} if the bytes are no component, or one that this executor does not take. */
export function prepare(bytes: Uint8Array, options: PrepareOptions = {}): Prepared {
  const { root, modules } = parseComponent(bytes);
  const counts = new CoreItemCounts();
  const parsed = modules.map(({ start, end }, index) => {
    const body = bytes.subarray(start, end);
    const module = inModule(index, () => parseCoreModule(body));
    counts.add(module);
    return { body, index, module };
  });
  const coreModules = parsed.map(({ module }) => module);
  const plan = evaluateComponent(root, coreModules);
  checkSize(plan.coreInstances, coreModules);
  const maxPages = options.maxMemoryPages ?? DEFAULT_MAX_MEMORY_PAGES;
  // One that is alone is bounded by its own type.
  const sumOfPages = memoriesOf(plan.coreInstances, coreModules).length > 1 ? maxPages : undefined;
  const modulePlan = { isMetered: options.meter === "with-meter", maxPages, sumOfPages };
  const prepared = { plan, modules: parsed.map((item) => prepareModule(item, modulePlan)) };
  checkMemory(plan.coreInstances, coreModules, maxPages);
  return withSnapshot(prepared);
}

interface ParsedModule {
  readonly body: Uint8Array;
  readonly index: number;
  readonly module: CoreModule;
}

interface ModuleOptions extends MeterOptions {
  readonly isMetered: boolean;
  readonly maxPages: number;
}

function prepareModule({ body: bytes, index, module }: ParsedModule, options: ModuleOptions): PreparedModule {
  // Before anything is added: what is there then must not be within the reach of the module's own code.
  inModule(index, () => checkNesting(module, bytes));
  inModule(index, () => validate(bytes));
  inModule(index, () => checkHeap(module));
  const rewritten = rewriteModule(module, bytes, options.maxPages);
  const indirection = inModule(index, () => indirectionOf(module, bytes));
  // A shim or a fixup has no loops, and calls nothing that could call it.
  const isMetered = options.isMetered && indirection === undefined;
  const code = isMetered ? inModule(index, () => meterModule(rewritten.bytes, options)) : rewritten.bytes;
  inModule(index, () => validate(code));
  return {
    ...rewritten,
    bytes: code,
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

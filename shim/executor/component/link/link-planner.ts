import { CodecFactory } from "../abi/codec-factory.ts";
import { partsOf } from "../abi/product-codecs.ts";
import type { StringEncoding } from "../binary/component-ast.ts";
import type { CompiledModule } from "../core/web-assembly.ts";
import { ComponentError } from "../errors.ts";
import type { HostFunction } from "../host-interface.ts";
import type { CoreExport, CoreFunc, CoreInstancePlan, CoreItem, Func, LiftedFunc, Options } from "../types/items.ts";
import { alignTo, flattenFunc } from "../types/layout.ts";
import type { FuncType, ResourceType, ValType } from "../types/wit-type.ts";
import type { Elision } from "./elide.ts";
import type { ImportLookup } from "./host-lookup.ts";
import { checkSignature } from "./known-types.ts";
import type {
  ContextPlan,
  CoreRef,
  DestroyPlan,
  LiftPlan,
  LowerPlan,
  ParamsPlan,
  Passing,
  StepPlan,
  Trampoline,
} from "./link-plan.ts";
import type { Reachability } from "./reachability.ts";
import { guestTrampoline, hostTrampoline, resourceTrampoline } from "./trampolines.ts";

type HostFunc = Extract<Func, { kind: "host" }>;

/** Turns an evaluated component into plans by which instances are made. */
export class LinkPlanner {
  readonly contexts: ContextPlan[] = [];
  readonly trampolines: Trampoline[] = [];
  readonly destroyers = new Map<number, DestroyPlan>();
  readonly #hosts: ImportLookup;
  readonly #reach: Reachability;
  readonly #elision: Elision;
  readonly #contextIndex = new Map<string, number>();
  readonly #trampolineIndex = new Map<CoreFunc, number>();
  readonly #lifted = new Map<LiftedFunc, LiftPlan>();
  readonly #factories = new Map<string, CodecFactory>();

  constructor(hosts: ImportLookup, reach: Reachability, elision: Elision) {
    this.#hosts = hosts;
    this.#reach = reach;
    this.#elision = elision;
  }

  step(instance: CoreInstancePlan, module: CompiledModule): Omit<StepPlan, "contexts"> {
    const groups = Map.groupBy(instance.imports, (item) => item.module);
    const imports = [...groups].map(([name, items]) => ({
      module: name,
      items: items.map((item) => ({ name: item.name, ref: this.#item(item.item) })),
    }));
    return { instance: instance.id, module, imports };
  }

  #item(item: CoreItem): CoreRef {
    if (item.sort === "core func") return this.#func(item.value);
    if (item.sort === "core table" || item.sort === "core memory" || item.sort === "core global") {
      return refOf(item.value);
    }
    throw new ComponentError("INVALID", `Cannot link the component: a core module imports a ${item.sort}`);
  }

  #func(given: CoreFunc): CoreRef {
    const func = given.kind === "export" ? (this.#elision.replace(given.instance, given.name) ?? given) : given;
    if (func.kind === "export") return refOf(func);
    const known = this.#trampolineIndex.get(func);
    if (known !== undefined) return { kind: "trampoline", index: known };
    const trampoline = this.#trampoline(func);
    const index = this.trampolines.push(trampoline) - 1;
    this.#trampolineIndex.set(func, index);
    return { kind: "trampoline", index };
  }

  #trampoline(func: Exclude<CoreFunc, { kind: "export" }>): Trampoline {
    if (func.kind === "resource") {
      this.#resource(func.resource);
      return resourceTrampoline(func.operation, func.resource, func.owner);
    }
    const plan = this.#lower(func.func, func.options, func.owner);
    if (func.func.kind === "lifted") return guestTrampoline(plan, this.lift(func.func));
    return hostTrampoline(plan, this.#host(func.func));
  }

  #host(func: HostFunc): HostFunction<unknown> {
    checkSignature(func);
    const { interface: interfaceName, name } = func;
    // What is missing is reported all together, before anything is instantiated.
    return this.#hosts.func(interfaceName, name) ?? { call: () => undefined };
  }

  #lower({ kind, type }: Func, options: Options, owner: number): LowerPlan {
    const flat = flattenFunc(type, "lower");
    const factory = this.#factory(options.encoding, "view");
    return {
      context: this.#context(options, owner),
      params: this.#params(type, flat.paramsInMemory, factory),
      result: this.#passing(type.result, factory),
      resultInMemory: flat.resultInMemory,
      lends: canLend(type, kind),
    };
  }

  lift(func: LiftedFunc): LiftPlan {
    const known = this.#lifted.get(func);
    if (known !== undefined) return known;
    const { type, options, owner } = func;
    const flat = flattenFunc(type, "lift");
    const factory = this.#factory(options.encoding, "copy");
    const plan: LiftPlan = {
      core: this.#func(func.core),
      postReturn: options.postReturn === undefined ? undefined : this.#func(options.postReturn),
      context: this.#context(options, owner),
      owner,
      params: this.#params(type, flat.paramsInMemory, factory),
      result: this.#passing(type.result, factory),
      resultInMemory: flat.resultInMemory,
      mayBlock: this.#reach.mayBlock(func.core),
    };
    this.#lifted.set(func, plan);
    return plan;
  }

  #params({ params }: FuncType, inMemory: boolean, factory: CodecFactory): ParamsPlan {
    const types = params.map(({ type }) => type);
    for (const type of types) this.#resourcesOf(type);
    const parts = partsOf(types, factory.codec.bind(factory));
    const align = Math.max(1, ...types.map(({ layout }) => layout.align));
    const end = (parts.at(-1)?.offset ?? 0) + (types.at(-1)?.layout.size ?? 0);
    return { parts, inMemory, size: alignTo(end, align), align };
  }

  #passing(type: ValType | undefined, factory: CodecFactory): Passing | undefined {
    if (type === undefined) return undefined;
    this.#resourcesOf(type);
    return { codec: factory.codec(type), size: type.layout.size, align: type.layout.align };
  }

  #factory(encoding: StringEncoding, lifted: "view" | "copy"): CodecFactory {
    const key = `${encoding} ${lifted}`;
    const factory = this.#factories.get(key) ?? new CodecFactory(encoding, lifted);
    this.#factories.set(key, factory);
    return factory;
  }

  #context({ memory, realloc }: Options, owner: number): number {
    const plan: ContextPlan = {
      owner,
      memory: memory === undefined ? undefined : refOf(memory),
      realloc: realloc === undefined ? undefined : this.#func(realloc),
    };
    const key = JSON.stringify(plan);
    const index = this.#contextIndex.get(key) ?? this.contexts.push(plan) - 1;
    this.#contextIndex.set(key, index);
    return index;
  }

  #resourcesOf(type: ValType): void {
    for (const resource of type.resources) this.#resource(resource);
  }

  #resource({ id, origin }: ResourceType): void {
    if (this.destroyers.has(id)) return;
    if (origin.kind === "host") {
      const resource = this.#hosts.resource(origin.interface, origin.name);
      this.destroyers.set(id, { kind: "host", resource });
      return;
    }
    this.destroyers.set(id, { kind: "guest", owner: origin.owner, destructor: undefined });
    const destructor = origin.destructor === undefined ? undefined : this.#func(origin.destructor);
    this.destroyers.set(id, { kind: "guest", owner: origin.owner, destructor });
  }
}

/** The host calls nobody back, but one handle can be both lent and given away by the arguments of one call. */
function canLend({ params }: FuncType, callee: Func["kind"]): boolean {
  if (!params.some(({ type }) => type.hasBorrow)) return false;
  return callee === "lifted" || params.filter(({ type }) => type.resources.size > 0).length > 1;
}

function refOf({ instance, name }: CoreExport): CoreRef {
  return { kind: "export", instance: instance.id, name };
}

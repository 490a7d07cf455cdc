import type { ComponentAst, DeclarationAst, ExportAst, ExternAst, TypeAst } from "../binary/component-ast.ts";
import type { CoreModuleInfo } from "../core/core-module.ts";
import { LIMITS } from "../limits.ts";
import type { ComponentItem, CoreInstancePlan, DeclaredType, InstanceItem, Item, TypeItem } from "../types/items.ts";
import { invalid, Scope } from "../types/scope.ts";
import { Signatures } from "../types/signature.ts";
import { TypePool } from "../types/type-pool.ts";
import { evaluateAlias, moduleInfoOf } from "./evaluate-alias.ts";
import { evaluateDefinition } from "./evaluate-definition.ts";
import { makeExtern } from "./make-extern.ts";
import { matchExtern } from "./match-extern.ts";
import { NamedResources } from "./named-resources.ts";
import { resolveType, type Place } from "./resolve-type.ts";

/** Gives the item for an import or export that a type declares. */
export type Provide = (name: string, extern: ExternAst, place: Place) => Item;

export interface Providers {
  readonly import: Provide | undefined;
  readonly export: Provide;
}

/** What the declarations of a type have made so far. */
interface Declared {
  readonly scope: Scope;
  readonly exports: Map<string, Item>;
  readonly providers: Providers;
  readonly imported: NamedResources;
  readonly exported: NamedResources;
}

/** Counts the work over all trials, so that a small component cannot ask for much of it. */
interface Budget {
  steps: number;
  /** How deep the types of instances and components are nested here, by what they refer to. */
  depth: number;
  componentInstances: number;
  readonly tried: WeakSet<ComponentAst>;
  /** Types of instances and components by their declarations: whether they refer to resource types outside. */
  readonly checked: WeakMap<readonly DeclarationAst[], boolean>;
}

/** A JavaScript engine with all of WASI takes about 5,000. */
const MAX_STEPS = 200_000;

/**
 * Evaluates components by putting in every argument, so that what is left is a list of core modules to instantiate and
 * the functions between them and the host. Checks the rules of validation on the way.
 */
export class Evaluator {
  readonly modules: readonly CoreModuleInfo[];
  readonly pool: TypePool;
  readonly signatures: Signatures;
  readonly coreInstances: CoreInstancePlan[] = [];
  readonly #budget: Budget;

  constructor(
    modules: readonly CoreModuleInfo[],
    shared?: Pick<Evaluator, "pool" | "signatures"> & { readonly budget: Budget },
  ) {
    this.modules = modules;
    this.pool = shared?.pool ?? new TypePool();
    this.signatures = shared?.signatures ?? new Signatures();
    this.#budget = shared?.budget ?? {
      steps: 0,
      depth: 0,
      componentInstances: 0,
      tried: new WeakSet(),
      checked: new WeakMap(),
    };
  }

  /** How many component instances there are; each one has a number below. */
  get componentInstances(): number {
    return this.#budget.componentInstances;
  }

  /** An evaluator of the same types whose plan is thrown away. */
  trial(): Evaluator {
    return new Evaluator(this.modules, { pool: this.pool, signatures: this.signatures, budget: this.#budget });
  }

  make(extern: ExternAst, place: Place, path: readonly string[]): Item {
    return makeExtern(this, extern, place, path);
  }

  /** The type that a definition defines. */
  type(ast: TypeAst, place: Place): TypeItem {
    if (ast.kind !== "instance" && ast.kind !== "component") return resolveType(ast, place, this.pool);
    const { kind, declarations } = ast;
    const known = this.#budget.checked.get(declarations);
    const takesResource = known ?? this.#check({ kind, declarations, scope: place.scope, takesResource: false });
    this.#budget.checked.set(declarations, takesResource);
    return { kind, declarations, scope: place.scope, takesResource };
  }

  /** Checks a type of an instance or a component by itself, once, wherever it is used. */
  #check(type: DeclaredType): boolean {
    const make: Provide = (name, extern, place) => this.make(extern, place, [name]);
    const scope = new Scope(type.scope, -1);
    this.#declare(type, scope, { import: type.kind === "component" ? make : undefined, export: make });
    return scope.takesResource;
  }

  /** Evaluates the component with its imports left to the host. */
  root(ast: ComponentAst): ReadonlyMap<string, Item> {
    return this.#component(ast, undefined, (name, extern, place) => this.make(extern, place, [name]));
  }

  instantiate(component: ComponentItem, args: ReadonlyMap<string, Item>, at: number): InstanceItem {
    const providers = this.#argumentsOf(args, at);
    if (component.kind === "defined") {
      return { exports: this.#component(component.ast, component.scope, providers) };
    }
    const exports = this.declarations(component.type, {
      import: providers,
      export: (name, extern, place) => this.make(extern, place, [name]),
    });
    return { exports };
  }

  #argumentsOf(args: ReadonlyMap<string, Item>, at: number): Provide {
    return (name, extern, place) => {
      const what = `argument "${name}"`;
      const item = args.get(name);
      if (item === undefined) throw invalid(at, `${what} is missing`);
      return matchExtern(this, extern, item, { scope: place.scope, at, what });
    };
  }

  #component(ast: ComponentAst, parent: Scope | undefined, provide: Provide): ReadonlyMap<string, Item> {
    const owner = this.#budget.componentInstances;
    if (owner >= LIMITS.componentInstances) {
      throw invalid(ast.at, `there are more than ${LIMITS.componentInstances} component instances`, "LIMIT");
    }
    this.#budget.componentInstances += 1;
    const scope = new Scope(parent, owner);
    const exports = new Map<string, Item>();
    const [imported, exported] = [new NamedResources(), new NamedResources()];
    for (const definition of ast.definitions) {
      this.#step(definition.at);
      const { at } = definition;
      if (definition.kind === "import") {
        const item = provide(definition.name, definition.extern, { scope, at });
        imported.add(definition.name, item, at);
        scope.addItem(item);
      } else if (definition.kind === "export") {
        const item = this.#exported(definition, scope);
        exported.add(definition.name, item, at);
        exports.set(definition.name, item);
        scope.addItem(item);
      } else evaluateDefinition(this, definition, scope);
    }
    return exports;
  }

  /** What is exported, as its ascribed type has it. */
  #exported({ name, sort, index, extern, at }: ExportAst & { readonly at: number }, scope: Scope): Item {
    const item = scope.item(sort, index, at);
    return extern === undefined ? item : matchExtern(this, extern, item, { scope, at, what: `export "${name}"` });
  }

  /** Checks a nested component by itself, once, wherever it is used. */
  try(component: Extract<ComponentItem, { kind: "defined" }>): void {
    if (this.#budget.tried.has(component.ast)) return;
    this.#budget.tried.add(component.ast);
    const { componentInstances } = this.#budget;
    const trial = this.trial();
    trial.#component(component.ast, component.scope, (name, extern, place) => trial.make(extern, place, [name]));
    this.#budget.componentInstances = componentInstances;
  }

  /** Evaluates the declarations of an instance or component type; gives its exports. */
  declarations(type: DeclaredType, providers: Providers): ReadonlyMap<string, Item> {
    return this.#declare(type, new Scope(type.scope, -1), providers);
  }

  #declare(type: DeclaredType, scope: Scope, providers: Providers): ReadonlyMap<string, Item> {
    const [imported, exported] = [new NamedResources(), new NamedResources()];
    const into = { scope, exports: new Map<string, Item>(), providers, imported, exported };
    this.#budget.depth += 1;
    if (this.#budget.depth >= LIMITS.typeDepth) {
      throw invalid(type.declarations[0]?.at ?? 0, `types are nested more than ${LIMITS.typeDepth} deep`, "LIMIT");
    }
    for (const declaration of type.declarations) this.#declaration(declaration, into);
    this.#budget.depth -= 1;
    return into.exports;
  }

  #declaration(declaration: DeclarationAst, into: Declared): void {
    const { scope, exports, providers } = into;
    const place = { scope, at: declaration.at };
    this.#step(declaration.at);
    if (declaration.kind === "type") scope.add("type", this.type(declaration.type, place));
    else if (declaration.kind === "core type") scope.add("core type", moduleInfoOf(declaration.type, place));
    else if (declaration.kind === "export") {
      const item = providers.export(declaration.name, declaration.extern, place);
      into.exported.add(declaration.name, item, declaration.at);
      exports.set(declaration.name, item);
      scope.addItem(item);
    } else if (declaration.kind === "import") {
      if (providers.import === undefined) throw invalid(declaration.at, "an instance type has an import");
      const item = providers.import(declaration.name, declaration.extern, place);
      into.imported.add(declaration.name, item, declaration.at);
      scope.addItem(item);
    } else evaluateAlias(declaration, scope, declaration.at);
  }

  #step(at: number): void {
    this.#budget.steps += 1;
    if (this.#budget.steps > MAX_STEPS) {
      throw invalid(at, `it takes more than ${MAX_STEPS} steps to evaluate`, "LIMIT");
    }
  }
}

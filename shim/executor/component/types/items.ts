import type {
  ComponentAst,
  CoreSort,
  DeclarationAst,
  ResourceOperation,
  Sort,
  StringEncoding,
} from "../binary/component-ast.ts";
import type { CoreFuncType } from "../binary/core-extern.ts";
import type { CoreExternType, CoreModuleInfo } from "../core/core-module.ts";
import type { Scope } from "./scope.ts";
import type { FuncType, ResourceType, ValType } from "./wit-type.ts";

/**
 * What stands behind an index once a component is evaluated: every argument is put in, so that a function is either the
 * host's or lifted from a core function, and a resource type is either the host's or some instance's.
 */
export interface Items {
  readonly "core func": CoreFunc;
  readonly "core table": CoreExport;
  readonly "core memory": CoreExport;
  readonly "core global": CoreExport;
  readonly "core type": CoreTypeItem;
  readonly "core module": ModuleItem;
  readonly "core instance": CoreInstanceItem;
  readonly func: Func;
  readonly type: TypeItem;
  readonly component: ComponentItem;
  readonly instance: InstanceItem;
}

/** An item with its sort. */
export type Item = { readonly [S in Sort]: { readonly sort: S; readonly value: Items[S] } }[Sort];
export type CoreItem = { readonly [S in CoreSort]: { readonly sort: S; readonly value: Items[S] } }[CoreSort];

export type Func =
  | {
      readonly kind: "host";
      readonly interface: string;
      readonly name: string;
      readonly type: FuncType;
      /** Of the type, to compare it with what the host has. */
      readonly signature: string;
    }
  | LiftedFunc;

export interface LiftedFunc {
  readonly kind: "lifted";
  readonly core: CoreFunc;
  readonly options: Options;
  readonly type: FuncType;
  /** The number of the component instance that lifted it. */
  readonly owner: number;
}

export type CoreFunc =
  | (CoreExport & { readonly type: CoreFuncType })
  | {
      readonly kind: "lowered";
      readonly func: Func;
      readonly options: Options;
      readonly type: CoreFuncType;
      readonly owner: number;
    }
  | {
      readonly kind: "resource";
      readonly operation: ResourceOperation;
      readonly resource: ResourceType;
      readonly type: CoreFuncType;
      readonly owner: number;
    };

export interface CoreExport {
  readonly kind: "export";
  readonly instance: CoreInstancePlan;
  readonly name: string;
  readonly extern: CoreExternType;
}

export interface Options {
  readonly encoding: StringEncoding;
  readonly memory: CoreExport | undefined;
  readonly realloc: CoreFunc | undefined;
  readonly postReturn: CoreFunc | undefined;
}

/** A core module to be instantiated. */
export interface CoreInstancePlan {
  readonly id: number;
  readonly module: number;
  readonly imports: readonly { readonly module: string; readonly name: string; readonly item: CoreItem }[];
}

/** `index` counts the core modules of the file; `undefined`: known only by its type. */
export interface ModuleItem {
  readonly index: number | undefined;
  readonly info: CoreModuleInfo;
}

export interface CoreInstanceItem {
  readonly exports: ReadonlyMap<string, CoreItem>;
}

export type CoreTypeItem =
  | { readonly kind: "func"; readonly type: CoreFuncType }
  | { readonly kind: "module"; readonly info: CoreModuleInfo };

export type TypeItem =
  | { readonly kind: "value"; readonly type: ValType }
  | { readonly kind: "func"; readonly type: FuncType }
  | { readonly kind: "resource"; readonly resource: ResourceType }
  | DeclaredType;

/** An instance or component type: its declarations, and where their outer names are looked up. */
export interface DeclaredType {
  readonly kind: "instance" | "component";
  readonly declarations: readonly DeclarationAst[];
  readonly scope: Scope;
  /** Whether it refers to a resource type that stands outside of it. */
  readonly takesResource: boolean;
}

export type ComponentItem =
  | { readonly kind: "defined"; readonly ast: ComponentAst; readonly scope: Scope }
  | { readonly kind: "declared"; readonly type: DeclaredType };

export interface InstanceItem {
  readonly exports: ReadonlyMap<string, Item>;
}

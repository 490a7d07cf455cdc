import type { Primitive } from "../binary/component-ast.ts";
import type { CoreFuncType } from "../binary/core-extern.ts";
import type { CoreFunc } from "./items.ts";

export type CoreNumber = "i32" | "i64" | "f32" | "f64";

export interface Field {
  readonly name: string;
  readonly type: ValType;
}

export interface Case {
  readonly name: string;
  readonly type: ValType | undefined;
}

/** A value type with its parts in place of indices. */
export type TypeShape =
  | { readonly kind: Primitive }
  | { readonly kind: "list"; readonly element: ValType }
  | { readonly kind: "record"; readonly fields: readonly Field[] }
  | { readonly kind: "tuple"; readonly elements: readonly ValType[] }
  | { readonly kind: "variant"; readonly cases: readonly Case[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly some: ValType }
  | { readonly kind: "result"; readonly ok: ValType | undefined; readonly err: ValType | undefined }
  | { readonly kind: "own"; readonly resource: ResourceType }
  | { readonly kind: "borrow"; readonly resource: ResourceType };

/** How a type looks in memory and as core values. */
export interface Layout {
  readonly size: number;
  readonly align: number;
  /** At most 17 entries: more than 16 never travel as core values. */
  readonly flat: readonly CoreNumber[];
}

/** A value type. Equal types are the same object, within one evaluation. */
export type ValType = TypeShape & {
  readonly id: number;
  /** How many nodes it has when written out. */
  readonly nodes: number;
  /** How deep its parts are nested, itself included. */
  readonly depth: number;
  readonly layout: Layout;
  readonly hasBorrow: boolean;
  /** The resource types in it, each once. */
  readonly resources: ReadonlySet<ResourceType>;
  /** Whether values live, in part, behind a pointer: strings and lists. */
  readonly hasPointer: boolean;
};

export interface FuncType {
  readonly params: readonly Field[];
  readonly result: ValType | undefined;
}

/** A resource type. Two of them are the same only if they are the same object. */
export interface ResourceType {
  readonly id: number;
  readonly origin: ResourceOrigin;
}

export type ResourceOrigin =
  /** Imported by the root component: `interface` with its version. */
  | { readonly kind: "host"; readonly interface: string; readonly name: string }
  /** Defined by the component instance of that number. */
  | { readonly kind: "guest"; readonly owner: number; readonly destructor: CoreFunc | undefined };

export interface FlatFuncType extends CoreFuncType {
  readonly paramsInMemory: boolean;
  readonly resultInMemory: boolean;
}

/**
 * A component as it stands in the file: definitions in order, references as indices.
 *
 * @see {@link https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md}
 */
import type { CoreExternAst, CoreFuncType } from "./core-extern.ts";

export interface ComponentAst {
  readonly definitions: readonly Definition[];
  readonly at: number;
}

export type CoreSort =
  | "core func"
  | "core table"
  | "core memory"
  | "core global"
  | "core type"
  | "core module"
  | "core instance";
export type Sort = CoreSort | "func" | "type" | "component" | "instance";

export type Definition = DefinitionBody & { readonly at: number };

type DefinitionBody =
  /** `module` counts the core modules of the whole file, in order. */
  | { readonly kind: "core module"; readonly module: number }
  | { readonly kind: "core instantiate"; readonly module: number; readonly args: readonly CoreArg[] }
  | { readonly kind: "core inline"; readonly exports: readonly SortedName<CoreSort>[] }
  | { readonly kind: "core type"; readonly type: CoreTypeAst }
  | { readonly kind: "component"; readonly component: ComponentAst }
  | { readonly kind: "instantiate"; readonly component: number; readonly args: readonly SortedName<Sort>[] }
  | { readonly kind: "inline"; readonly exports: readonly SortedName<Sort>[] }
  | AliasAst
  | { readonly kind: "type"; readonly type: TypeAst }
  | CanonAst
  | ImportAst
  | ExportAst;

export interface ImportAst {
  readonly kind: "import";
  readonly name: string;
  readonly extern: ExternAst;
}

export interface ExportAst extends SortedName<Sort> {
  readonly kind: "export";
  readonly extern: ExternAst | undefined;
}

export interface CoreArg {
  readonly name: string;
  readonly instance: number;
}

export interface SortedName<AnySort> {
  readonly name: string;
  readonly sort: AnySort;
  readonly index: number;
}

export type AliasAst =
  | { readonly kind: "alias export"; readonly sort: Sort; readonly instance: number; readonly name: string }
  | { readonly kind: "alias core export"; readonly sort: CoreSort; readonly instance: number; readonly name: string }
  | { readonly kind: "alias outer"; readonly sort: Sort; readonly count: number; readonly index: number };

export type CanonAst =
  | { readonly kind: "lift"; readonly coreFunc: number; readonly options: CanonOptions; readonly type: number }
  | { readonly kind: "lower"; readonly func: number; readonly options: CanonOptions }
  | { readonly kind: "resource"; readonly operation: ResourceOperation; readonly type: number };

export type ResourceOperation = "new" | "drop" | "rep";
export type StringEncoding = "utf8" | "utf16" | "latin1+utf16";

export interface CanonOptions {
  readonly encoding: StringEncoding;
  readonly memory: number | undefined;
  readonly realloc: number | undefined;
  readonly postReturn: number | undefined;
}

export const PRIMITIVES = [
  "string",
  "char",
  "f64",
  "f32",
  "u64",
  "s64",
  "u32",
  "s32",
  "u16",
  "s16",
  "u8",
  "s8",
  "bool",
] as const;
export type Primitive = (typeof PRIMITIVES)[number];

/** A primitive by name, or an index of the type space. */
export type ValTypeRef = Primitive | number;

export interface LabelledType {
  readonly name: string;
  readonly type: ValTypeRef;
}

export type TypeAst =
  | { readonly kind: "primitive"; readonly type: Primitive }
  | { readonly kind: "record"; readonly fields: readonly LabelledType[] }
  | {
      readonly kind: "variant";
      readonly cases: readonly { readonly name: string; readonly type: ValTypeRef | undefined }[];
    }
  | { readonly kind: "list"; readonly element: ValTypeRef }
  | { readonly kind: "tuple"; readonly elements: readonly ValTypeRef[] }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly some: ValTypeRef }
  | { readonly kind: "result"; readonly ok: ValTypeRef | undefined; readonly err: ValTypeRef | undefined }
  | { readonly kind: "own" | "borrow"; readonly resource: number }
  | { readonly kind: "func"; readonly params: readonly LabelledType[]; readonly result: ValTypeRef | undefined }
  | { readonly kind: "resource"; readonly destructor: number | undefined }
  | { readonly kind: "instance"; readonly declarations: readonly DeclarationAst[] }
  | { readonly kind: "component"; readonly declarations: readonly DeclarationAst[] };

export type DeclarationAst = DeclarationBody & { readonly at: number };

type DeclarationBody =
  | { readonly kind: "core type"; readonly type: CoreTypeAst }
  | { readonly kind: "type"; readonly type: TypeAst }
  | AliasAst
  | { readonly kind: "import"; readonly name: string; readonly extern: ExternAst }
  | { readonly kind: "export"; readonly name: string; readonly extern: ExternAst };

export type ExternAst =
  | { readonly sort: "core module" | "func" | "component" | "instance"; readonly type: number }
  | {
      readonly sort: "type";
      readonly bound: { readonly kind: "eq"; readonly type: number } | { readonly kind: "resource" };
    };

export type CoreTypeAst =
  | { readonly kind: "func"; readonly type: CoreFuncType }
  | { readonly kind: "module"; readonly declarations: readonly ModuleDeclarationAst[] };

export type ModuleDeclarationAst =
  | { readonly kind: "type"; readonly type: CoreFuncType }
  | { readonly kind: "alias outer"; readonly count: number; readonly index: number }
  | { readonly kind: "import"; readonly module: string; readonly name: string; readonly extern: CoreExternAst }
  | { readonly kind: "export"; readonly name: string; readonly extern: CoreExternAst };

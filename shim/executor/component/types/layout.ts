import type { CoreNumber, FlatFuncType, FuncType, Layout, TypeShape, ValType } from "./wit-type.ts";

/** More core values than this travel through memory. */
export const MAX_FLAT_PARAMS = 16;
const MAX_FLAT_RESULTS = 1;
const FLAT_LIMIT = MAX_FLAT_PARAMS + 1;

const SCALARS: Readonly<Record<string, Layout>> = {
  bool: scalar(1, "i32"),
  s8: scalar(1, "i32"),
  u8: scalar(1, "i32"),
  s16: scalar(2, "i32"),
  u16: scalar(2, "i32"),
  s32: scalar(4, "i32"),
  u32: scalar(4, "i32"),
  s64: scalar(8, "i64"),
  u64: scalar(8, "i64"),
  f32: scalar(4, "f32"),
  f64: scalar(8, "f64"),
  char: scalar(4, "i32"),
  own: scalar(4, "i32"),
  borrow: scalar(4, "i32"),
  string: { size: 8, align: 4, flat: ["i32", "i32"] },
  list: { size: 8, align: 4, flat: ["i32", "i32"] },
};

function scalar(size: number, flat: CoreNumber): Layout {
  return { size, align: size, flat: [flat] };
}

/** The layout of a type whose parts have theirs. */
export function layoutOf(shape: TypeShape): Layout {
  if (shape.kind === "record") return productLayout(shape.fields.map(({ type }) => type));
  if (shape.kind === "tuple") return productLayout(shape.elements);
  if (shape.kind === "flags") return scalar(flagsSize(shape.names.length), "i32");
  const payloads = payloadsOf(shape);
  if (payloads !== undefined) return variantLayout(payloads);
  const layout = SCALARS[shape.kind];
  if (layout === undefined) throw new RangeError(`Cannot lay out the type "${shape.kind}"`);
  return layout;
}

/** The payload of each case, for all types that are stored as a variant; `undefined` for the others. */
export function payloadsOf(shape: TypeShape): readonly (ValType | undefined)[] | undefined {
  if (shape.kind === "variant") return shape.cases.map(({ type }) => type);
  if (shape.kind === "enum") return shape.names.map(() => undefined);
  if (shape.kind === "option") return [undefined, shape.some];
  if (shape.kind === "result") return [shape.ok, shape.err];
  return undefined;
}

export function alignTo(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

function flagsSize(count: number): number {
  if (count <= 8) return 1;
  return count <= 16 ? 2 : 4;
}

function productLayout(parts: readonly ValType[]): Layout {
  let size = 0;
  let align = 1;
  const flat: CoreNumber[] = [];
  for (const { layout } of parts) {
    size = alignTo(size, layout.align) + layout.size;
    align = Math.max(align, layout.align);
    if (flat.length < FLAT_LIMIT) flat.push(...layout.flat);
  }
  return { size: alignTo(size, align), align, flat: flat.slice(0, FLAT_LIMIT) };
}

/** Bytes of a discriminant for so many cases. */
export function discriminantSize(cases: number): 1 | 2 | 4 {
  if (cases <= 0x100) return 1;
  return cases <= 0x1_0000 ? 2 : 4;
}

/** Where the payload of a variant begins. */
export function payloadOffset(payloads: readonly (ValType | undefined)[]): number {
  const align = Math.max(1, ...payloads.map((type) => type?.layout.align ?? 1));
  return alignTo(discriminantSize(payloads.length), align);
}

function variantLayout(payloads: readonly (ValType | undefined)[]): Layout {
  const discriminant = discriminantSize(payloads.length);
  let payloadSize = 0;
  let align: number = discriminant;
  const flat: CoreNumber[] = [];
  for (const type of payloads) {
    payloadSize = Math.max(payloadSize, type?.layout.size ?? 0);
    align = Math.max(align, type?.layout.align ?? 1);
    (type?.layout.flat ?? []).forEach((value, index) => {
      const other = flat[index];
      flat[index] = other === undefined ? value : join(other, value);
    });
  }
  const size = alignTo(payloadOffset(payloads) + payloadSize, align);
  return { size, align, flat: ["i32" as const, ...flat].slice(0, FLAT_LIMIT) };
}

/** The core type that can hold either. */
function join(left: CoreNumber, right: CoreNumber): CoreNumber {
  if (left === right) return left;
  return isFourBytes(left) && isFourBytes(right) ? "i32" : "i64";
}

function isFourBytes(type: CoreNumber): boolean {
  return type === "i32" || type === "f32";
}

/** The core function type of a function, as lifted or as lowered. */
export function flattenFunc({ params, result }: FuncType, direction: "lift" | "lower"): FlatFuncType {
  const flatParams = params.flatMap(({ type }) => type.layout.flat);
  const flatResult = result?.layout.flat ?? [];
  const paramsInMemory = flatParams.length > MAX_FLAT_PARAMS;
  const resultInMemory = flatResult.length > MAX_FLAT_RESULTS;
  const passed = paramsInMemory ? ["i32"] : flatParams;
  return {
    params: resultInMemory && direction === "lower" ? [...passed, "i32"] : passed,
    results: resultInMemory ? (direction === "lift" ? ["i32"] : []) : flatResult,
    paramsInMemory,
    resultInMemory,
  };
}

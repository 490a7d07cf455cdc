import type { CoreValue } from "../core/web-assembly.ts";
import { WasmTrap } from "../errors.ts";
import type { WitValue } from "../host-interface.ts";
import { discriminantSize, payloadOffset, payloadsOf } from "../types/layout.ts";
import type { CoreNumber, TypeShape, ValType } from "../types/wit-type.ts";
import type { Codec, CodecOf } from "./codec.ts";
import { fromJoined, isSameFlat, toJoined } from "./join-flat.ts";
import { loadUnsigned, recordOf, storeUnsigned } from "./product-codecs.ts";

/** How a case looks in JavaScript. */
interface CaseForm {
  make(index: number, payload: WitValue): WitValue;
  /** The number of the case. */
  indexOf(value: WitValue): number;
  payloadOf(value: WitValue): WitValue;
}

interface CaseCodec {
  readonly codec: Codec | undefined;
  readonly flat: readonly CoreNumber[];
  /** Whether its core values are those of the whole, without conversion. */
  readonly isPlain: boolean;
}

export type VariantType = ValType & Extract<TypeShape, { kind: "variant" | "enum" | "option" | "result" }>;

export function variantCodec(type: VariantType, codecOf: CodecOf<ValType>): Codec {
  const payloads = payloadsOf(type) ?? [];
  const joined = type.layout.flat.slice(1);
  const cases = payloads.map((payload): CaseCodec => {
    const flat = payload?.layout.flat ?? [];
    return { codec: payload && codecOf(payload), flat, isPlain: isSameFlat(flat, joined) };
  });
  return codecOfCases({ cases, joined, form: formOf(type), offset: payloadOffset(payloads) });
}

interface Cases {
  readonly cases: readonly CaseCodec[];
  readonly joined: readonly CoreNumber[];
  readonly form: CaseForm;
  readonly offset: number;
}

function codecOfCases({ cases, joined, form, offset }: Cases): Codec {
  const size = discriminantSize(cases.length);
  return {
    load: (context, pointer) => {
      const index = loadUnsigned(context.view, pointer, size);
      return form.make(index, caseAt(cases, index).codec?.load(context, pointer + offset));
    },
    store: (context, value, pointer) => {
      const index = form.indexOf(value);
      storeUnsigned(context.view, pointer, size, index);
      caseAt(cases, index).codec?.store(context, form.payloadOf(value), pointer + offset);
    },
    lift: (context, flat, at) => {
      const index = Number(flat[at]) >>> 0;
      const found = caseAt(cases, index);
      if (found.codec === undefined) return form.make(index, undefined);
      if (found.isPlain) return form.make(index, found.codec.lift(context, flat, at + 1));
      const values = found.flat.map((want, part) => fromJoined(flat[at + 1 + part] ?? 0, joined[part] ?? want, want));
      return form.make(index, found.codec.lift(context, values, 0));
    },
    lower: (context, value, flat) => {
      const index = form.indexOf(value);
      flat.push(index);
      const found = caseAt(cases, index);
      const start = flat.length;
      found.codec?.lower(context, form.payloadOf(value), flat);
      if (!found.isPlain) join(found, joined, flat, start);
    },
  };
}

/** Makes the core values from `start` on, which are those of one case, those that all cases share. */
function join({ flat: own }: CaseCodec, joined: readonly CoreNumber[], flat: CoreValue[], start: number): void {
  let part = 0;
  for (const want of joined) {
    const have = own[part];
    const at = start + part;
    flat[at] = have === undefined ? zeroOf(want) : toJoined(flat[at] ?? 0, have, want);
    part += 1;
  }
}

function zeroOf(type: CoreNumber): CoreValue {
  return type === "i64" ? 0n : 0;
}

function caseAt(cases: readonly CaseCodec[], index: number): CaseCodec {
  const found = cases[index];
  if (found === undefined) throw new WasmTrap(`the discriminant ${index} is of none of the ${cases.length} cases`);
  return found;
}

function formOf(type: VariantType): CaseForm {
  if (type.kind === "enum") return enumForm(type.names);
  if (type.kind === "option") return type.some.kind === "option" ? taggedForm(["none", "some"]) : optionForm;
  if (type.kind === "result") return taggedForm(["ok", "err"], [type.ok !== undefined, type.err !== undefined]);
  return taggedForm(
    type.cases.map(({ name }) => name),
    type.cases.map((item) => item.type !== undefined),
  );
}

const optionForm: CaseForm = {
  make: (index, payload) => (index === 0 ? undefined : payload),
  indexOf: (value) => (value === undefined ? 0 : 1),
  payloadOf: (value) => value,
};

function enumForm(names: readonly string[]): CaseForm {
  const indices = new Map(names.map((name, index) => [name, index]));
  return {
    make: (index) => names[index] ?? "",
    indexOf: (value) => indexOf(indices, value),
    payloadOf: () => undefined,
  };
}

/** `{ tag, val }`, without `val` in cases that have no payload. */
function taggedForm(tags: readonly string[], hasPayload: readonly boolean[] = [false, true]): CaseForm {
  const indices = new Map(tags.map((tag, index) => [tag, index]));
  return {
    make: (index, payload) => {
      const tag = tags[index] ?? "";
      return hasPayload[index] === true ? { tag, val: payload } : { tag };
    },
    indexOf: (value) => indexOf(indices, recordOf(value)["tag"]),
    payloadOf: (value) => recordOf(value)["val"],
  };
}

function indexOf(indices: ReadonlyMap<WitValue, number>, tag: WitValue): number {
  const index = indices.get(tag);
  if (index === undefined) {
    throw new TypeError(
      `Cannot give the guest the case ${JSON.stringify(tag)}: it is none of ${JSON.stringify([...indices.keys()])}`,
    );
  }
  return index;
}

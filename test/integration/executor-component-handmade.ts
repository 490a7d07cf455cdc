import { ByteWriter } from "@rcm/shim/executor/component/core/byte-writer";
import { ComponentBuilder, SECTION } from "@rcm/shim/executor/component/testing/component-builder";

/** A component that is small for what it asks for. */
interface Handmade {
  readonly what: string;
  /** What comes of it. */
  readonly outcome: "LIMIT" | "INVALID" | "MALFORMED" | "UNSUPPORTED" | "TRAP" | "works";
  build(): Uint8Array;
}

type Section = readonly [id: number, body: Uint8Array];

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const MANY = 1_000_000;
const GIB_PAGES = 16_384;
/** Types, and functions: one without parameters and results. */
const TYPE: Section = [1, Uint8Array.of(1, 0x60, 0, 0)];
const FUNCTION: Section = [3, Uint8Array.of(1, 0)];
const START: Section = [8, Uint8Array.of(0)];
const VARIABLE: Section = [6, Uint8Array.of(1, 0x7f, 1, 0x41, 0, 0x0b)];
/** loop, br 0, end */
const ENDLESS = [0x03, 0x40, 0x0c, 0, 0x0b];
/** global.get 0, i32.const 3, i32.div_u, global.set 0 */
const SLOW = [0x23, 0, 0x41, 3, 0x6e, 0x24, 0];

function moduleOf(...sections: readonly Section[]): Uint8Array {
  const out = new ByteWriter().u8(...PREAMBLE);
  for (const [id, body] of sections) out.u8(id).u32(body.length).bytes(body);
  return out.finish();
}

/** A core module, and an instance of it. */
function componentOf(...sections: readonly Section[]): Uint8Array {
  const builder = new ComponentBuilder().module(moduleOf(...sections));
  return builder.define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 0)).finish();
}

function times(count: number, item: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(count * item.length);
  for (let at = 0; at < bytes.length; at += item.length) bytes.set(item, at);
  return bytes;
}

/** So many times the same, with their number before. */
function vector(count: number, item: readonly number[]): Uint8Array {
  return new ByteWriter().u32(count).bytes(times(count, item)).finish();
}

function codeOf(...parts: readonly (readonly number[] | Uint8Array)[]): Section {
  const body = new ByteWriter().u8(0);
  for (const part of parts) body.bytes(Uint8Array.from(part));
  body.u8(0x0b);
  return [10, new ByteWriter().u32(1).u32(body.length).bytes(body.finish()).finish()];
}

function memory(pages: number): Section {
  return [5, new ByteWriter().u8(1, 0).u32(pages).finish()];
}

/** Enough to make a snapshot of its start worth while. */
function data(): Section {
  const bytes = new Uint8Array(300_000).fill(7);
  return [11, new ByteWriter().u32(1).u8(0, 0x41, 0, 0x0b).u32(bytes.length).bytes(bytes).finish()];
}

function nested(opening: readonly number[]): Uint8Array {
  return componentOf(TYPE, FUNCTION, codeOf(times(MANY, opening), times(MANY, [0x0b])));
}

function manyModules(): Uint8Array {
  const count = 20_000;
  const module = moduleOf(TYPE, [3, vector(count, [0])], [10, vector(count, [2, 0, 0x0b])]);
  const builder = new ComponentBuilder();
  for (let index = 0; index < 500; index += 1) builder.module(module);
  return builder.finish();
}

function manyImports(): Uint8Array {
  const body = new ByteWriter().u32(MANY);
  for (let index = 0; index < MANY; index += 1) body.name("a").name(`${index}`).u8(0, 0);
  return componentOf(TYPE, [2, body.finish()]);
}

function groupsOfTypes(): Uint8Array {
  const group = [0x4e, ...vector(900, [0x60, 0, 0])];
  return componentOf([1, vector(1000, group)]);
}

export const HANDMADE: readonly Handmade[] = [
  {
    what: "a start without end",
    outcome: "TRAP",
    build: () => componentOf(TYPE, FUNCTION, START, codeOf(ENDLESS)),
  },
  {
    what: "a start without end, and much data",
    outcome: "TRAP",
    build: () => componentOf(TYPE, FUNCTION, memory(10), START, codeOf(ENDLESS), data()),
  },
  {
    what: "a start without end whose turns are slow",
    outcome: "TRAP",
    build: () => componentOf(TYPE, FUNCTION, VARIABLE, START, codeOf([0x03, 0x40], times(3000, SLOW), [0x0c, 0, 0x0b])),
  },
  { what: "much memory", outcome: "works", build: () => componentOf(memory(GIB_PAGES)) },
  { what: "much memory, and much data", outcome: "works", build: () => componentOf(memory(GIB_PAGES), data()) },
  {
    what: "many large memories",
    outcome: "LIMIT",
    build: () => componentOf([5, vector(100, [0, 0x80, 0x80, 1])]),
  },
  { what: "blocks in blocks", outcome: "LIMIT", build: () => nested([0x02, 0x40]) },
  { what: "loops in loops", outcome: "LIMIT", build: () => nested([0x03, 0x40]) },
  { what: "tries in tries", outcome: "LIMIT", build: () => nested([0x1f, 0x40, 0]) },
  { what: "many types", outcome: "LIMIT", build: () => componentOf([1, vector(MANY, [0x60, 0, 0])]) },
  { what: "many groups of types", outcome: "LIMIT", build: groupsOfTypes },
  {
    what: "types of many parameters",
    outcome: "LIMIT",
    build: () => componentOf([1, vector(10_000, [0x60, ...vector(1000, [0x7f]), 0])]),
  },
  {
    what: "many functions",
    outcome: "LIMIT",
    build: () => componentOf(TYPE, [3, vector(MANY, [0])], [10, vector(MANY, [2, 0, 0x0b])]),
  },
  { what: "many functions of many modules", outcome: "LIMIT", build: manyModules },
  { what: "many imports", outcome: "LIMIT", build: manyImports },
  { what: "many variables", outcome: "LIMIT", build: () => componentOf([6, vector(MANY, [0x7f, 1, 0x41, 0, 0x0b])]) },
  {
    what: "many sections",
    outcome: "LIMIT",
    build: () => new ComponentBuilder().module(Uint8Array.from([...PREAMBLE, ...times(MANY, [0, 1, 0])])).finish(),
  },
  {
    what: "as many local variables as there are numbers",
    outcome: "INVALID",
    build: () => componentOf(TYPE, FUNCTION, [10, Uint8Array.of(1, 8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b)]),
  },
  { what: "a struct", outcome: "UNSUPPORTED", build: () => componentOf([1, Uint8Array.of(1, 0x5f, 1, 0x7f, 1)]) },
  {
    what: "a long name",
    outcome: "LIMIT",
    build: () =>
      new ComponentBuilder().define(SECTION.import, new ByteWriter().u8(0).name("x".repeat(10_000_000))).finish(),
  },
];

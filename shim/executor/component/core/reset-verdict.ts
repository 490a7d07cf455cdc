import { ByteReader } from "../binary/byte-reader.ts";
import type { CoreModule } from "./core-module.ts";
import {
  DATA_DROP,
  ELEM_DROP,
  isOfObjects,
  readInstruction,
  skipLocals,
  TABLE_COPY,
  TABLE_FILL,
  TABLE_GROW,
  TABLE_INIT,
  TABLE_SET,
} from "./instructions.ts";

const CODE_SECTION = 10;
const NUMBERS: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64"]);

/** Instructions that change what a reset does not put back. `memory.init` is not one: it only writes to memory. */
const LASTING: ReadonlyMap<number, string> = new Map([
  [TABLE_SET, "table.set"],
  [TABLE_GROW, "table.grow"],
  [TABLE_FILL, "table.fill"],
  [TABLE_COPY, "table.copy"],
  [TABLE_INIT, "table.init"],
  [ELEM_DROP, "elem.drop"],
  [DATA_DROP, "data.drop"],
]);

/**
 * Decides whether an instance of the module may be put back to its first state by restoring its memories and its global
 * variables: whether there is nothing else that its code could change.
 *
 * @returns why not, or `undefined` if it may.
 */
export function resetObstacle(module: CoreModule, bytes: Uint8Array): string | undefined {
  const own = module.globals.slice(module.imported.globals);
  const odd = own.find(({ type, mutable }) => mutable && !NUMBERS.has(type));
  if (odd !== undefined) return `a global variable is of type ${odd.type}`;
  const shared = module.memories.some((memory) => memory.shared || memory.is64);
  if (shared) return "a memory is shared or 64-bit";
  const code = module.sections.find(({ id }) => id === CODE_SECTION);
  return code === undefined ? undefined : obstacleInCode(new ByteReader(bytes, code.start, code.end));
}

function obstacleInCode(reader: ByteReader): string | undefined {
  const functions = reader.u32();
  for (let done = 0; done < functions; done += 1) {
    const body = reader.section(reader.u32());
    const obstacle = obstacleInFunction(body);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

function obstacleInFunction(body: ByteReader): string | undefined {
  skipLocals(body);
  while (!body.done) {
    const at = body.at;
    const opcode = readInstruction(body);
    if (opcode === undefined) return `the instruction at offset 0x${at.toString(16)} is not known`;
    if (isOfObjects(opcode)) return "objects are used that are collected as garbage";
    const name = LASTING.get(opcode);
    if (name !== undefined) return `the instruction ${name} is used`;
  }
  return undefined;
}

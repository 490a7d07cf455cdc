import { ByteReader } from "../binary/byte-reader.ts";
import { LIMITS } from "../limits.ts";
import type { CoreModule } from "./core-module.ts";
import { readInstruction, skipLocals } from "./instructions.ts";

const CODE_SECTION = 10;
/** In shorter bodies there is no room for more nested blocks than V8 can bear: each takes three bytes. */
const LARGE_BODY_BYTES = LIMITS.blockNesting * 3;
const END = 0x0b;
/** block, loop, if, try, try_table */
const OPENING: ReadonlySet<number> = new Set([0x02, 0x03, 0x04, 0x06, 0x1f]);
const DELEGATE = 0x18;

/**
 * Makes sure that V8 can validate the module's code in little time and memory: it takes 300 bytes for each block that is
 * open.
 *
 * @throws {ComponentError} `LIMIT` if more blocks are nested than there may be.
 */
export function checkNesting({ sections }: CoreModule, bytes: Uint8Array): void {
  const code = sections.find(({ id }) => id === CODE_SECTION);
  if (code === undefined) return;
  const reader = new ByteReader(bytes, code.start, code.end);
  for (let left = reader.u32(); left > 0; left -= 1) {
    const body = reader.section(reader.u32());
    if (body.end - body.at > LARGE_BODY_BYTES) checkBody(body);
  }
}

function checkBody(body: ByteReader): void {
  skipLocals(body);
  let depth = 0;
  while (!body.done) {
    const start = body.at;
    const opcode = readInstruction(body);
    if (opcode === undefined) return; // Whether there is such an instruction is for V8 to say.
    if (opcode === END || opcode === DELEGATE) depth -= 1;
    else if (OPENING.has(opcode)) depth += 1;
    if (depth <= LIMITS.blockNesting) continue;
    throw body.error(`more than ${LIMITS.blockNesting} blocks are nested`, "LIMIT", start);
  }
}

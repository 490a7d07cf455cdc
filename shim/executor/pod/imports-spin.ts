import { closeSync, openSync, readSync } from "node:fs";

/** Interfaces that only components of Spin applications can use. */
const SPIN_INTERFACES = ["fermyon:spin/", "spin:", "wasi:keyvalue/", "wasi:config/"];
const MAGIC = "\0asm";
const COMPONENT_IMPORTS = 10;
const MODULE_IMPORTS = 2;
const PREAMBLE_BYTES = 8;
/** A section's id, and its size in at most 5 bytes. */
const HEADER_BYTES = 6;
/** More is no component that this executor takes. */
const MAX_SECTIONS = 65_536;
const MAX_IMPORT_BYTES = 1 << 20;
/** Most sections are small: many in one read. */
const WINDOW_BYTES = 4096;

/**
 * Whether a component, or a core module, imports what only Spin has. Reads the heads of its sections and those with
 * imports, for it may be large, and prepared already. What is no component does not: whoever loads it says so.
 */
export function importsSpin(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    return importSections(fd).some((section) => SPIN_INTERFACES.some((prefix) => section.includes(prefix)));
  } finally {
    closeSync(fd);
  }
}

function importSections(fd: number): readonly Buffer[] {
  const preamble = read(fd, 0, PREAMBLE_BYTES);
  if (preamble.length < PREAMBLE_BYTES || preamble.toString("latin1", 0, MAGIC.length) !== MAGIC) return [];
  const wanted = preamble[6] === 1 ? COMPONENT_IMPORTS : MODULE_IMPORTS; // 0 is the layer of core modules.
  const found: Buffer[] = [];
  let window: Buffer = Buffer.alloc(0);
  let windowAt = 0;
  let at = PREAMBLE_BYTES;
  for (let count = 0; count < MAX_SECTIONS; count += 1) {
    if (at + HEADER_BYTES > windowAt + window.length) {
      window = read(fd, at, WINDOW_BYTES);
      windowAt = at;
    }
    const header = window.subarray(at - windowAt, at - windowAt + HEADER_BYTES);
    const size = sizeIn(header);
    if (size === undefined) break;
    const body = at + size.at;
    if (header[0] === wanted && size.bytes <= MAX_IMPORT_BYTES) found.push(read(fd, body, size.bytes));
    at = body + size.bytes;
  }
  return found;
}

/** LEB128, behind the id. `undefined` at the end of the file, or if it is none. */
function sizeIn(header: Buffer): { readonly bytes: number; readonly at: number } | undefined {
  let bytes = 0;
  for (let index = 1; index < header.length; index += 1) {
    const byte = header[index] ?? 0;
    bytes += (byte & 0x7f) * 2 ** (7 * (index - 1));
    if (byte < 0x80) return { bytes, at: index + 1 };
  }
  return undefined;
}

function read(fd: number, at: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, at));
}

import { SystemdError } from "./systemd-error.ts";

/** Codes of the types that hold no others. `h`, a passed file descriptor, is left out: we never agree to any. */
export type BasicCode = "y" | "b" | "n" | "q" | "i" | "u" | "x" | "t" | "d" | "s" | "o" | "g";

/** A parsed D-Bus type. A dictionary entry is a `struct` of two fields: it has the same form on the wire. */
export type DBusType =
  | { readonly kind: "basic"; readonly code: BasicCode }
  | { readonly kind: "variant" }
  | { readonly kind: "array"; readonly item: DBusType }
  | { readonly kind: "struct"; readonly fields: readonly DBusType[] };

/** https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-signatures */
export const SIGNATURE_MAX_BYTES = 255;

/** The specification allows 32 arrays and 32 structs within each other; we stop at 32 in all. */
export const MAX_DEPTH = 32;

const BASIC_CODES: ReadonlySet<string> = new Set("ybnqiuxtdsog");

const BASIC_ALIGNMENT: Readonly<Record<BasicCode, number>> = {
  y: 1,
  b: 4,
  n: 2,
  q: 2,
  i: 4,
  u: 4,
  x: 8,
  t: 8,
  d: 8,
  s: 4,
  o: 4,
  g: 1,
};

/** A value of this type starts at a multiple of so many bytes from the start of the message. */
export function alignmentOf(type: DBusType): number {
  if (type.kind === "basic") return BASIC_ALIGNMENT[type.code];
  if (type.kind === "variant") return 1;
  return type.kind === "array" ? 4 : 8;
}

/**
 * Parses a signature: a sequence of complete types, maybe none.
 *
 * @throws {SystemdError} `PROTOCOL` if it is no signature.
 */
export function parseSignature(signature: string): readonly DBusType[] {
  if (Buffer.byteLength(signature) > SIGNATURE_MAX_BYTES) throw refuse(signature, "it is longer than 255 bytes");
  const types: DBusType[] = [];
  for (let at = 0; at < signature.length;) {
    const { type, next } = parseType(signature, at, 0);
    types.push(type);
    at = next;
  }
  return types;
}

interface Parsed {
  readonly type: DBusType;
  readonly next: number;
}

function parseType(signature: string, at: number, depth: number): Parsed {
  if (depth > MAX_DEPTH) throw refuse(signature, `it is nested deeper than ${MAX_DEPTH} levels`);
  const code = signature.charAt(at);
  if (isBasicCode(code)) return { type: { kind: "basic", code }, next: at + 1 };
  if (code === "v") return { type: { kind: "variant" }, next: at + 1 };
  if (code === "a") return parseArray(signature, at + 1, depth + 1);
  if (code === "(") return parseStruct(signature, at + 1, depth + 1);
  throw refuse(signature, code === "" ? "it ends too early" : `there is no type "${code}"`);
}

function parseArray(signature: string, at: number, depth: number): Parsed {
  const item =
    signature.charAt(at) === "{" ? parseEntry(signature, at + 1, depth + 1) : parseType(signature, at, depth);
  return { type: { kind: "array", item: item.type }, next: item.next };
}

function parseEntry(signature: string, at: number, depth: number): Parsed {
  const key = parseType(signature, at, depth);
  if (key.type.kind !== "basic") throw refuse(signature, "the key of a dictionary is not of a basic type");
  const value = parseType(signature, key.next, depth);
  if (signature.charAt(value.next) !== "}") throw refuse(signature, "a dictionary entry has not two fields");
  return { type: { kind: "struct", fields: [key.type, value.type] }, next: value.next + 1 };
}

function parseStruct(signature: string, start: number, depth: number): Parsed {
  const fields: DBusType[] = [];
  let at = start;
  while (signature.charAt(at) !== ")") {
    const { type, next } = parseType(signature, at, depth);
    fields.push(type);
    at = next;
  }
  if (fields.length === 0) throw refuse(signature, "a struct has no fields");
  return { type: { kind: "struct", fields }, next: at + 1 };
}

function isBasicCode(code: string): code is BasicCode {
  return BASIC_CODES.has(code);
}

function refuse(signature: string, problem: string): SystemdError {
  return new SystemdError("PROTOCOL", `Cannot parse D-Bus signature "${signature}": ${problem}`);
}

import type { ComponentError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";

/** How names of interfaces look, wherever they stand. */
const NAMES = /[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*@\d[0-9a-z.+-]*/g;
/** Interfaces that are known to be synchronous explain nothing. */
const SYNCHRONOUS = /^wasi:[^@]*@0\.2\./;
const MAX_NAMES = 8;

/** The component uses the asynchronous component model. Its interfaces tell the reader what it was built for. */
export function asynchronousError(reader: ByteReader, what: string, at: number): ComponentError {
  const found = Buffer.from(reader.bytes).toString("latin1").match(NAMES) ?? [];
  const names = [...new Set(found)].filter((name) => !SYNCHRONOUS.test(name)).slice(0, MAX_NAMES);
  const interfaces = names.length === 0 ? "" : ` It names ${names.join(", ")}.`;
  return reader.error(
    `${what} not supported.${interfaces} Build it for WASI 0.2 without asynchronous functions (for Spin: with an SDK for Spin 3)`,
    "UNSUPPORTED",
    at,
  );
}

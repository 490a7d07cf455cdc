import type { CoreModule } from "../core/core-module.ts";
import { ComponentError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** References to exceptions, and to none of them: the heap types -23 and -12, in LEB128 of any length. */
const EXCEPTION_REFERENCE = /^6[34](?:69|74|(?:e9|f4)(?:ff)*7f)$/;

/**
 * Makes sure that the code of a module cannot fill V8's heap, which all guests share and whose end is that of the process.
 * Nothing counts what it allocates there, so there must be room for little only: no structs and arrays, and exceptions of a
 * few numbers, to which nothing but the variables of running functions refers.
 *
 * @throws {ComponentError} `UNSUPPORTED` or `LIMIT`.
 */
export function checkHeap({ types, tags, tables, globals }: CoreModule): void {
  if (types.includes(undefined)) throw unsupported("structs and arrays that are collected as garbage");
  for (const tag of tags) checkTag(types[tag]?.params ?? []);
  if (tables.some(({ element }) => EXCEPTION_REFERENCE.test(element))) throw unsupported("tables of exceptions");
  if (globals.some(({ type }) => EXCEPTION_REFERENCE.test(type))) throw unsupported("variables that hold exceptions");
}

/** One that carries another one could be the begin of a chain without end. */
function checkTag(params: readonly string[]): void {
  if (params.some(isReference)) throw unsupported("exceptions that carry references");
  if (params.length <= LIMITS.exceptionValues) return;
  const message = `an exception carries ${params.length} values, more than ${LIMITS.exceptionValues}`;
  throw new ComponentError("LIMIT", `Cannot accept the component: ${message}`);
}

function isReference(type: string): boolean {
  return type.startsWith("63") || type.startsWith("64");
}

function unsupported(what: string): ComponentError {
  return new ComponentError(
    "UNSUPPORTED",
    `Cannot accept the component: ${what} are not supported, for nothing bounds the memory that they take`,
  );
}

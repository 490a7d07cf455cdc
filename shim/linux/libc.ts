import { DynamicLibrary, getInt32, type FunctionSignature, type WrappedFunctionFromSignature } from "node:ffi";
import { linuxErrorFrom } from "./errors.ts";

interface Libc {
  readonly library: DynamicLibrary;
  /** Where this thread's errno is. */
  readonly errnoAt: bigint;
}

let opened: Libc | undefined;

/**
 * A function of the C library, looked up when it is first asked for: each look-up costs 0.1 ms.
 *
 * A wrong signature crashes the process: 64-bit integers and `size_t` are `i64` and `u64` (BigInt), `int` is `i32`.
 */
export function libcFunction<const S extends FunctionSignature>(
  name: string,
  signature: S,
): () => WrappedFunctionFromSignature<S> {
  let found: WrappedFunctionFromSignature<S> | undefined;
  return () => (found ??= libc().library.getFunction(name, signature));
}

/**
 * Returns `result`, unless it says that the call failed. Must follow the call at once: any other call overwrites errno.
 *
 * @throws {LinuxError} when `result` is -1.
 */
export function checkResult<R extends number | bigint>(result: R, action: () => string): R {
  if (Number(result) !== -1) return result;
  throw linuxErrorFrom(lastErrno(), action());
}

/** The errno of the call that has just failed. */
export function lastErrno(): number {
  return getInt32(libc().errnoAt, 0);
}

function libc(): Libc {
  if (opened !== undefined) return opened;
  const library = new DynamicLibrary("libc.so.6"); // Loaded already, as Node needs it: this only finds it.
  const location = library.getFunction("__errno_location", { arguments: [], return: "pointer" });
  opened = { library, errnoAt: location() };
  return opened;
}

import { HostError } from "../errors.ts";
import { type Result, errOf, okOf } from "../results.ts";
import { type FilesystemErrorCode, filesystemErrorCode } from "./error-code.ts";

export type Attempt<T> = Result<T, FilesystemErrorCode>;

/**
 * The result of `action`; an error of the file system is the guest's result, any other passes.
 *
 * @throws {Error} of other kinds
 */
export function attempt<T>(action: () => T): Attempt<T> {
  try {
    return okOf(action());
  } catch (error) {
    return errOf(codeOrThrow(error));
  }
}

/** {@link attempt} for what takes long: the guest waits, and others run. */
export async function attemptLater<T>(action: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return okOf(await action());
  } catch (error) {
    return errOf(codeOrThrow(error));
  }
}

function codeOrThrow(error: unknown): FilesystemErrorCode {
  const code = filesystemErrorCode(error);
  if (code !== undefined) return code;
  throw error instanceof HostError ? error : new Error("Cannot use the file system", { cause: error });
}

import { CodedError } from "@rcm/lib/errors";

/**
 * Why a component is not prepared once for all. `BUSY`: others prepare. `NO_SPACE`: the disk is nearly full. `CHANGED`: its
 * file is not what it was. `REFUSED`: the preparer says no, or was ended.
 */
export class PreparedError extends CodedError<"BUSY" | "NO_SPACE" | "CHANGED" | "REFUSED"> {
  override readonly name = "PreparedError";
}

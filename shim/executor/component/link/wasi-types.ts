import { ComponentError } from "../errors.ts";
import { WASI_SIGNATURES } from "../generated/wasi-signatures.ts";
import { withoutVersion } from "../types/extern-name.ts";
import type { Func } from "../types/items.ts";

/**
 * Checks that a component imports a function of WASI with the type that it has there: so the host may rely on its
 * arguments. Functions that are not of WASI, or not of the version that the table is made from, are not known here.
 *
 * @throws {ComponentError} `INVALID`.
 */
export function checkSignature(func: Extract<Func, { readonly kind: "host" }>): void {
  const known = WASI_SIGNATURES[withoutVersion(func.interface)]?.[func.name];
  if (known === undefined || known === func.signature) return;
  const name = `${func.interface}#${func.name}`;
  throw new ComponentError("INVALID", `Cannot link the component: it imports "${name}" with another type than WASI's`);
}

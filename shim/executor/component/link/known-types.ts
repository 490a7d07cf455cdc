import { ComponentError } from "../errors.ts";
import { SPIN_SIGNATURES } from "../generated/spin-signatures.ts";
import { WASI_SIGNATURES } from "../generated/wasi-signatures.ts";
import { lineOf } from "../types/extern-name.ts";
import type { Func } from "../types/items.ts";

/**
 * Checks that a component imports a function of WASI or of Spin with the type that it has there: so the host may rely on
 * its arguments. Other functions, and versions that the tables are not made from, are not known here.
 *
 * @throws {ComponentError} `INVALID`.
 */
export function checkSignature(func: Extract<Func, { readonly kind: "host" }>): void {
  const line = lineOf(func.interface);
  const known = (WASI_SIGNATURES[line] ?? SPIN_SIGNATURES[line])?.[func.name];
  if (known === undefined || known === func.signature) return;
  const name = `${func.interface}#${func.name}`;
  throw new ComponentError("INVALID", `Cannot link the component: it imports "${name}" with another type than it has`);
}

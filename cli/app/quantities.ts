import { nanosOf } from "@rcm/lib/quantity";
import { CliError } from "../errors.ts";
import type { FlagValues } from "../flags/flag-values.ts";

export type Amounts = Readonly<Partial<Record<"cpu" | "memory", string>>>;

export interface AppResources {
  readonly limits: Amounts;
  readonly requests: Amounts;
}

const EXAMPLES = { cpu: "100m or 0.5", memory: "128Mi or 1Gi" };

/** @throws {CliError} `USAGE` for what is no quantity, and for a request above its limit. */
export function readResources(values: FlagValues): AppResources {
  const resources = { limits: amountsOf(values, "limit"), requests: amountsOf(values, "request") };
  for (const what of ["cpu", "memory"] as const) {
    const { [what]: limit } = resources.limits;
    const { [what]: request } = resources.requests;
    if (limit === undefined || request === undefined || (nanosOf(request) ?? 0n) <= (nanosOf(limit) ?? 0n)) continue;
    const problem = `it is more than --${what}-limit ${limit}: lower it or raise the limit`;
    throw new CliError("USAGE", `Cannot use "${request}" as --${what}-request: ${problem}`);
  }
  return resources;
}

function amountsOf(values: FlagValues, kind: "limit" | "request"): Amounts {
  const amounts: Partial<Record<"cpu" | "memory", string>> = {};
  for (const what of ["cpu", "memory"] as const) {
    const text = values.optional(`${what}-${kind}`);
    if (text === undefined) continue;
    if (nanosOf(text) === undefined) {
      const remedy = `it must be a quantity such as ${EXAMPLES[what]}`;
      throw new CliError("USAGE", `Cannot use "${text}" as --${what}-${kind}: ${remedy}`);
    }
    amounts[what] = text;
  }
  return amounts;
}

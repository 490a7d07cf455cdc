import { quote } from "../document/quote.ts";
import { SpinError } from "../errors.ts";
import type { UnsupportedConfig } from "./runtime-config.ts";

/**
 * @param user of the backend: `component "hello"`.
 * @param instead what can be used: `spin or redis`.
 */
export function unsupportedBackend({ section, type }: UnsupportedConfig, user: string, instead: string): SpinError {
  return new SpinError(
    "UNSUPPORTED",
    `Cannot use "${section}" of the runtime configuration, which ${user} needs: this executor has no ${quote(type)}: use ${instead}`,
  );
}

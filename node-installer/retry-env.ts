import { InstallError } from "./errors.ts";
import type { FetchLimits } from "./fetch/limits.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** As `sleep` of the shell takes it. */
const SECONDS = /^(\d+(?:\.\d+)?)s?$/;

/**
 * How often and how soon the download is tried again, by the variables that SpinKube's runtime-class manager has for that,
 * `NUM_RETRY` (tries) and `SLEEP_DURATION` (seconds before the second one): its ConfigMap is taken as it is.
 *
 * @see {@link https://github.com/spinframework/runtime-class-manager} `rcm.shimDownloaderConfig` of its chart
 * @throws {InstallError} `RequestInvalid` that names the variable.
 */
export function retryLimits({ NUM_RETRY: tries = "", SLEEP_DURATION: pause = "" }: Env): Partial<FetchLimits> {
  return {
    ...(tries === "" ? {} : { attempts: Math.max(1, numberIn("NUM_RETRY", tries, /^(\d+)$/)) }),
    ...(pause === ""
      ? {}
      : { retryDelayMs: Math.max(1, Math.round(numberIn("SLEEP_DURATION", pause, SECONDS) * 1000)) }),
  };
}

function numberIn(name: string, text: string, pattern: RegExp): number {
  const value = Number(pattern.exec(text.trim())?.[1]);
  if (Number.isSafeInteger(Math.round(value * 1000))) return value;
  const shown = JSON.stringify(text.slice(0, 40));
  throw new InstallError("RequestInvalid", `Cannot read the variable ${name}: ${shown} is no number: write it as 3`);
}

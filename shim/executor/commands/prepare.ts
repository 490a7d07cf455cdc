import { once } from "node:events";
import { parseArgs } from "node:util";
import { encodePrepared } from "../component/prepare/prepared-format.ts";
import type { CommandIo } from "./command-io.ts";
import { GUEST_FLAGS, type GuestOptions, guestOptionsFrom } from "./guest-options.ts";
import { prepareFile } from "./load-component.ts";

/** @throws {ServeError} `USAGE` */
export function parsePrepare(args: readonly string[], environment: CommandIo["environment"]): GuestOptions {
  const { adapters, "max-memory-bytes": memory } = GUEST_FLAGS;
  const options = { adapters, "max-memory-bytes": memory };
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  return guestOptionsFrom(positionals[0], values, environment);
}

/** Writes what is prepared of a component to standard output. Returns the exit code. */
export async function prepareOnce(options: GuestOptions, { stdout }: CommandIo): Promise<number> {
  if (!stdout.write(encodePrepared(prepareFile(options)))) await once(stdout, "drain");
  return 0;
}

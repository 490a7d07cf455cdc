import type { Readable, Writable } from "node:stream";
import type { ThreadHost } from "../server/thread-host.ts";

/** The program's streams, as the commands see them. */
export interface CommandIo extends ThreadHost {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

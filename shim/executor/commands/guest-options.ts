import { ServeError } from "../server/errors.ts";
import type { ComponentOptions } from "./load-component.ts";

/** A folder of the host that the guest gets. */
export interface FolderOption {
  readonly hostPath: string;
  readonly guestPath: string;
  readonly access: "read" | "read-write";
}

/** What a guest gets from the host: the same for `run` and `serve`. */
export interface GuestOptions extends ComponentOptions {
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly folders: readonly FolderOption[];
  /** Whether it may use sockets and look names up. */
  readonly network: "none" | "all";
  /** Hosts that outgoing requests may go to; `undefined`: all. */
  readonly allowedHosts: readonly string[] | undefined;
}

/** Flags of both commands, for `parseArgs`. */
export const GUEST_FLAGS = {
  env: { type: "string", multiple: true },
  "inherit-env": { type: "boolean" },
  dir: { type: "string", multiple: true },
  "allow-network": { type: "boolean" },
  "allow-host": { type: "string", multiple: true },
  cache: { type: "string" },
  "max-memory-bytes": { type: "string" },
} as const;

/** Values of {@link GUEST_FLAGS}. */
export interface GuestFlagValues {
  readonly env?: string[];
  readonly "inherit-env"?: boolean;
  readonly dir?: string[];
  readonly "allow-network"?: boolean;
  readonly "allow-host"?: string[];
  readonly cache?: string;
  readonly "max-memory-bytes"?: string;
}

const PAGE_BYTES = 65_536;
const MAX_PAGES = 65_536;

/** Variables that are for the executor and not for the guest. */
const OWN_VARIABLES: ReadonlySet<string> = new Set([
  "NODE_OPTIONS",
  "NODE_COMPILE_CACHE",
  "SPIN_HTTP_LISTEN_ADDR",
  "WASMTIME_HTTP_PROXY_SOCKET_ADDR",
]);

/** @throws {ServeError} `USAGE` */
export function guestOptionsFrom(
  file: string | undefined,
  values: GuestFlagValues,
  environment: Readonly<Record<string, string | undefined>>,
): GuestOptions {
  if (file === undefined) throw new ServeError("USAGE", "Cannot start: the component's file is missing");
  const inherited = values["inherit-env"] === true ? inheritedFrom(environment) : [];
  return {
    file,
    cache: values.cache,
    maxMemoryPages: memoryPagesFrom(values["max-memory-bytes"], environment),
    environment: [...inherited, ...(values.env ?? []).map(parseVariable)],
    folders: (values.dir ?? []).map(parseFolder),
    network: values["allow-network"] === true ? "all" : "none",
    allowedHosts: values["allow-host"],
  };
}

/** `SPIN_MAX_INSTANCE_MEMORY` is what Spin's operator sets. */
function memoryPagesFrom(
  flag: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): number | undefined {
  const text = flag ?? environment["SPIN_MAX_INSTANCE_MEMORY"];
  if (text === undefined || text === "") return undefined;
  const pages = Math.floor(Number(text) / PAGE_BYTES);
  if (/^[0-9]{1,13}$/.test(text) && pages >= 1) return Math.min(pages, MAX_PAGES);
  throw new ServeError("USAGE", `Cannot use "${text}" as the limit of memory: it must be bytes, 65536 at least`);
}

function inheritedFrom(environment: Readonly<Record<string, string | undefined>>): [name: string, value: string][] {
  return Object.entries(environment).flatMap(([name, value]): [string, string][] =>
    value === undefined || OWN_VARIABLES.has(name) ? [] : [[name, value]],
  );
}

function parseVariable(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new ServeError("USAGE", `Cannot use --env "${text}": it must be NAME=VALUE`);
}

/** `HOST`, `HOST::GUEST`, and `:ro` at the end for one that may only be read. */
function parseFolder(text: string): FolderOption {
  const isReadOnly = text.endsWith(":ro");
  const [hostPath = "", guestPath = hostPath, ...rest] = (isReadOnly ? text.slice(0, -3) : text).split("::");
  if (hostPath === "" || guestPath === "" || rest.length > 0) {
    throw new ServeError("USAGE", `Cannot use --dir "${text}": it must be HOST, HOST::GUEST or either with :ro`);
  }
  return { hostPath, guestPath, access: isReadOnly ? "read" : "read-write" };
}

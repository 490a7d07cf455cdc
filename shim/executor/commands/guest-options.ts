import { GUEST_MEMORY_VARIABLE, memoryPages } from "../../spec/memory-pages.ts";
import type { FolderOption } from "../host/filesystem/preopen.ts";
import { ServeError } from "../server/errors.ts";
import type { ComponentOptions } from "./load-component.ts";

/** What a guest gets from the host: the same for `run` and `serve`. */
export interface GuestOptions extends ComponentOptions {
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly folders: readonly FolderOption[];
  /** Whether it may use sockets and look names up. */
  readonly network: "none" | "all";
  /** Hosts that outgoing requests may go to; `undefined`: all. */
  readonly allowedHosts: readonly string[] | undefined;
  /** A file of certificates in PEM that are trusted in place of Node's, if it is there. */
  readonly certificates?: string;
}

/** Flags of both commands, for `parseArgs`. */
export const GUEST_FLAGS = {
  env: { type: "string", multiple: true },
  "inherit-env": { type: "boolean" },
  dir: { type: "string", multiple: true },
  "allow-network": { type: "boolean" },
  "allow-host": { type: "string", multiple: true },
  cache: { type: "string" },
  prepared: { type: "string" },
  adapters: { type: "string" },
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
  readonly prepared?: string;
  readonly adapters?: string;
  readonly "max-memory-bytes"?: string;
}

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
    prepared: values.prepared,
    adapters: values.adapters,
    maxMemoryPages: memoryPagesFrom(values["max-memory-bytes"], environment),
    environment: [...inherited, ...(values.env ?? []).map((text) => parseVariable("--env", text))],
    folders: (values.dir ?? []).map(parseFolder),
    network: values["allow-network"] === true ? "all" : "none",
    allowedHosts: values["allow-host"],
  };
}

/** In pages of 64 KiB. @throws {ServeError} `USAGE` */
export function memoryPagesFrom(
  flag: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): number | undefined {
  const text = flag ?? environment[GUEST_MEMORY_VARIABLE];
  if (text === undefined || text === "") return undefined;
  const pages = memoryPages(text);
  if (pages !== undefined) return pages;
  throw new ServeError("USAGE", `Cannot use "${text}" as the limit of memory: it must be bytes, 65536 at least`);
}

function inheritedFrom(environment: Readonly<Record<string, string | undefined>>): [name: string, value: string][] {
  return Object.entries(environment).flatMap(([name, value]): [string, string][] =>
    value === undefined || OWN_VARIABLES.has(name) ? [] : [[name, value]],
  );
}

/** `NAME=VALUE`. @throws {ServeError} `USAGE` */
export function parseVariable(flag: string, text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new ServeError("USAGE", `Cannot use ${flag} "${text}": it must be NAME=VALUE`);
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

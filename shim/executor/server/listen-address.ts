import { isIP } from "node:net";
import { ServeError } from "./errors.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const HOST_AND_PORT = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]*)):(?<port>[0-9]{1,5})$/;
const MAX_PORT = 65_535;

/** Variables that name an address, by rank: ours and Spin's, then that of runwasi's wasmtime shim. */
const ADDRESS_VARIABLES = ["SPIN_HTTP_LISTEN_ADDR", "WASMTIME_HTTP_PROXY_SOCKET_ADDR"] as const;

/**
 * Where to listen, by the environment: an address variable, else `PORT` on the fallback's host, else the fallback.
 *
 * @throws {ServeError} `USAGE` if a variable holds no address or port.
 */
export function listenAddressFrom(
  environment: Readonly<Record<string, string | undefined>>,
  fallback: ListenAddress,
): ListenAddress {
  for (const name of ADDRESS_VARIABLES) {
    const value = environment[name];
    if (value !== undefined && value !== "") return parseListenAddress(value, name);
  }
  const port = environment["PORT"];
  return port === undefined || port === "" ? fallback : { host: fallback.host, port: parsePort(port, "PORT") };
}

/**
 * Parses `127.0.0.1:80`, `[::]:80` or `:80`, which means all addresses.
 *
 * @throws {ServeError} `USAGE`
 */
export function parseListenAddress(text: string, source: string): ListenAddress {
  const { six, four, port } = HOST_AND_PORT.exec(text)?.groups ?? {};
  const host = six ?? (four === "" ? "0.0.0.0" : four);
  if (host === undefined || port === undefined || isIP(host) === 0) {
    throw new ServeError("USAGE", `Cannot use ${source} "${text}": it must be IP:PORT, such as 0.0.0.0:80`);
  }
  return { host, port: parsePort(port, source) };
}

function parsePort(text: string, source: string): number {
  const port = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && port <= MAX_PORT) return port;
  throw new ServeError("USAGE", `Cannot use ${source} "${text}": a port is a number from 0 to ${MAX_PORT}`);
}

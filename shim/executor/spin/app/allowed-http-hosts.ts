import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";

const FIELD = "allowed_http_hosts";
const ALL = "insecure:allow-all";
const HAS_SCHEME = /^https?:\/\//i;

/**
 * The old field `allowed_http_hosts` in the form of the new one, `allowed_outbound_hosts`.
 *
 * @throws {SpinError} `INVALID`
 */
export function convertHttpHosts(table: Table): readonly string[] {
  const hosts = table.texts(FIELD);
  if (hosts.includes(ALL)) return ["http://*:*", "https://*:*", "http://self"];
  return hosts.flatMap((host) => convertHost(table, host));
}

function convertHost(table: Table, host: string): readonly string[] {
  const url = URL.parse(HAS_SCHEME.test(host) ? host : `http://${host}`);
  if (url === null || url.host === "" || host.includes("*")) {
    throw table.error(FIELD, `${quote(host)} is no host`, "write a name, or allowed_outbound_hosts for more");
  }
  if (`${url.pathname}${url.search}${url.hash}${url.username}${url.password}` !== "/") {
    throw table.error(FIELD, `${quote(host)} is more than a host`, "leave out the path and all else");
  }
  if (url.hostname === "self") return ["http://self"];
  // The URL has lost a port that is the scheme's own.
  const port = /:(\d+)\/?$/.exec(host)?.[1];
  const authority = port === undefined ? url.hostname : `${url.hostname}:${port}`;
  return [`http://${authority}`, `https://${authority}`];
}

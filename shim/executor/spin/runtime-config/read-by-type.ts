import { quote, quoteAll } from "../document/quote.ts";
import type { Table } from "../document/table.ts";

/**
 * What the reader for the table's `type` makes of it.
 *
 * @throws {SpinError} `INVALID` if there is no such type, or the table has more than its reader asked for. Options of
 * what is not supported are not looked at: nobody uses them.
 */
export function readByType<Config extends { readonly kind: string }>(
  table: Table,
  readers: Readonly<Record<string, (table: Table) => Config>>,
): Config {
  const type = table.text("type");
  const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (read === undefined) {
    throw table.error("type", `${quote(type)} is unknown`, `write one of ${quoteAll(Object.keys(readers))}`);
  }
  const config = read(table);
  if (config.kind !== "unsupported") table.refuseOthers();
  return config;
}

/** @throws {SpinError} `INVALID` if there is no `url` of one of the protocols, or one without a host. */
export function urlOf(table: Table, protocols: readonly string[]): string {
  const text = table.text("url");
  const url = URL.parse(text);
  if (url !== null && url.host !== "" && protocols.includes(url.protocol)) return text;
  // Passwords are written into URLs: the value is not shown.
  throw table.error("url", `it is no URL of ${protocols.join(" or ")}`, `write ${protocols[0] ?? ""}//host:port`);
}

import { isConnectionField } from "../../host/http/field-rules.ts";
import type { LockedTrigger } from "../app/locked-app.ts";
import { quote } from "../document/quote.ts";
import { Table } from "../document/table.ts";
import type { TextField } from "./write-response.ts";

/** How a component takes requests. */
export type HttpExecutor =
  | { readonly kind: "http" }
  /** As a CGI program. `argv`: template of its arguments. */
  | { readonly kind: "wagi"; readonly argv: string };

export type HttpTarget =
  | { readonly kind: "component"; readonly id: string; readonly executor: HttpExecutor }
  | {
      readonly kind: "static";
      readonly status: number;
      readonly headers: readonly TextField[];
      readonly body: string;
    };

/** A trigger of the type `http`. */
export interface HttpTriggerConfig {
  readonly id: string;
  /** As written; `undefined`: only components of the application get there. */
  readonly route: string | undefined;
  readonly target: HttpTarget;
}

const DEFAULT_ARGV = "${SCRIPT_NAME} ${ARGS}";
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** One character a byte. */
const FIELD_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** @throws {SpinError} */
export function parseHttpTrigger({ id, config }: LockedTrigger): HttpTriggerConfig {
  const table = new Table(`the http trigger "${id}"`, "", config);
  const route = readRoute(table);
  const target = readTarget(table);
  if (route === undefined && target.kind === "static") {
    throw table.error("route", "it is private, and only components can be reached from inside", "write a path");
  }
  table.refuseOthers();
  return { id, route, target };
}

function readRoute(table: Table): string | undefined {
  if (typeof table.value("route") === "string") return table.text("route");
  const options = table.table("route");
  if (options === undefined) throw table.error("route", "it is missing", 'write a path, such as "/..."');
  const isPrivate = options.optionalFlag("private");
  options.refuseOthers();
  if (isPrivate === true) return undefined;
  throw table.error("route", "it has neither a path nor private = true", 'write a path, such as "/..."');
}

function readTarget(table: Table): HttpTarget {
  const id = table.optionalText("component");
  const response = table.table("static_response");
  const executor = table.table("executor");
  if ((id === undefined) === (response === undefined)) {
    const is =
      id === undefined ? "it has neither component nor static_response" : "it has component and static_response";
    throw table.error(undefined, is, "write one of them");
  }
  if (id !== undefined) return { kind: "component", id, executor: readExecutor(executor) };
  if (response !== undefined && executor === undefined) return readStatic(response);
  throw table.error("executor", "a static response has none", "take it out");
}

function readExecutor(table: Table | undefined): HttpExecutor {
  const type = table?.text("type") ?? "http";
  if (table === undefined) return { kind: "http" };
  if (type === "wagi") {
    const argv = table.optionalText("argv") ?? DEFAULT_ARGV;
    const entrypoint = table.optionalText("entrypoint") ?? "_start";
    if (entrypoint !== "_start") throw table.error("entrypoint", `${quote(entrypoint)} is not "_start"`, "take it out");
    table.refuseOthers();
    return { kind: "wagi", argv };
  }
  if (type !== "http" && type !== "spin") {
    const is = `this executor does not have ${quote(type)}`;
    throw table.unsupported("type", is, 'write "http" or "wagi", or take it out');
  }
  table.refuseOthers();
  return { kind: "http" };
}

function readStatic(table: Table): HttpTarget {
  const status = table.optionalCount("status_code") ?? 200;
  if (status < 200 || status > 599) {
    throw table.error("status_code", `${String(status)} is no final status`, "write one from 200 to 599");
  }
  const headers = readFields(table);
  const body = table.optionalText("body") ?? "";
  table.refuseOthers();
  return { kind: "static", status, headers, body };
}

function readFields(table: Table): readonly TextField[] {
  const fields = Object.entries(table.textMap("headers"));
  const wrong = fields.find(([name, value]) => !FIELD_NAME.test(name) || !FIELD_VALUE.test(value));
  if (wrong !== undefined) {
    throw table.error("headers", `${quote(wrong[0])} or its value has characters that HTTP forbids`, "mend it");
  }
  const own = fields.find(([name]) => isOfServer(name.toLowerCase()));
  if (own !== undefined) throw table.error("headers", `the server itself sees to ${quote(own[0])}`, "take it out");
  return fields;
}

function isOfServer(name: string): boolean {
  return name === "content-length" || isConnectionField(name);
}

import { REQUEST_ENV } from "@rcm/lib/install-job";
import type { InstallRequest, Operation } from "@rcm/lib/install-job";
import { InstallError } from "./errors.ts";

const NAME = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/;

/** The order that the manager put into the environment. @throws {InstallError} `RequestInvalid`. */
export function parseRequest(text: string | undefined): InstallRequest {
  if (text === undefined || text === "") throw invalid(`the environment variable ${REQUEST_ENV} is not set`);
  const value = parseJson(text);
  const node = objectAt(value, "node");
  const artifact = value["artifact"] === undefined ? undefined : objectAt(value, "artifact");
  const sha256 = artifact?.["sha256"];
  return {
    operation: operationOf(value["operation"]),
    shim: nameAt(value, "shim"),
    shimUid: textAt(value, "shimUid"),
    handler: nameAt(value, "handler"),
    ...(artifact === undefined
      ? {}
      : { artifact: { location: textAt(artifact, "location"), ...(typeof sha256 === "string" ? { sha256 } : {}) } }),
    options: textsAt(value, "options"),
    hash: textAt(value, "hash"),
    node: {
      name: textAt(node, "name"),
      uid: textAt(node, "uid"),
      machineId: textAt(node, "machineId"),
      architecture: textAt(node, "architecture"),
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parseJson(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return value;
  } catch (error) {
    throw invalid("it is not JSON", error);
  }
  throw invalid("it is not an object");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectAt(fields: Fields, key: string): Fields {
  const value = fields[key];
  if (isFields(value)) return value;
  throw invalid(`"${key}" is not an object`);
}

function textAt(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value === "string") return value;
  throw invalid(`"${key}" is not a string`);
}

/** Names become parts of paths. */
function nameAt(fields: Fields, key: string): string {
  const value = textAt(fields, key);
  if (NAME.test(value) && !value.includes("..")) return value;
  throw invalid(`"${key}" is "${value}", which is not a name of lower-case letters, digits, "-" and "."`);
}

function textsAt(fields: Fields, key: string): Readonly<Record<string, string>> {
  const value = fields[key] ?? {};
  if (!isFields(value)) throw invalid(`"${key}" is not an object`);
  return Object.fromEntries(Object.keys(value).map((name) => [name, textAt(value, name)]));
}

function operationOf(value: unknown): Operation {
  if (value === "install" || value === "uninstall") return value;
  throw invalid(`"operation" is ${JSON.stringify(value)}`);
}

function invalid(what: string, cause?: unknown): InstallError {
  return new InstallError("RequestInvalid", `Cannot read the installer's order: ${what}`, { cause });
}

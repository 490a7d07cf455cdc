import {
  checkId,
  checkList,
  checkObject,
  checkText,
  checkTexts,
  checkTrueOrFalse,
  invalid,
  isObject,
  quote,
} from "./check.ts";
import { SpecError } from "./errors.ts";
import { parseExactJson } from "./exact-json.ts";
import type { OciSpec } from "./oci-spec.ts";

/** As of containerd's own limit for a message, 16 MiB, a quarter. Real specs have 4 to 60 KiB. */
export const MAX_SPEC_BYTES = 4 * 1024 * 1024;
/** Real specs have 6. */
const MAX_DEPTH = 64;

/**
 * The OCI spec in the text of a `config.json`. What the shim does not know is carried through as it is.
 *
 * @throws {SpecError} `SPEC_INVALID`.
 */
export function parseSpec(json: string): OciSpec {
  const spec = parseLimited(json);
  if (!isSpec(spec)) throw invalid("ociVersion", "there is none");
  return spec;
}

function parseLimited(json: string): unknown {
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_SPEC_BYTES) {
    throw new SpecError(
      "SPEC_INVALID",
      `Cannot read the OCI spec: it has ${String(bytes)} bytes, and the limit is ${String(MAX_SPEC_BYTES)}: give the container fewer or shorter variables, mounts and annotations`,
    );
  }
  try {
    return parseExactJson(json, MAX_DEPTH);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SpecError("SPEC_INVALID", `Cannot read the OCI spec: ${why}: look at what wrote config.json`, {
      cause: error,
    });
  }
}

type Check = (field: string, value: unknown) => void;

const PROCESS: Readonly<Record<string, Check>> = {
  terminal: checkTrueOrFalse,
  args: checkTexts,
  env: checkTexts,
  cwd: checkAbsolute,
  user: (field, value) => checkFields(field, value, { uid: checkId, gid: checkId, additionalGids: checkIds }),
};
const MOUNT: Readonly<Record<string, Check>> = {
  destination: checkText,
  type: checkText,
  source: checkText,
  options: checkTexts,
};
const LINUX: Readonly<Record<string, Check>> = {
  cgroupsPath: checkText,
  readonlyPaths: checkTexts,
  maskedPaths: checkTexts,
};
const SPEC: Readonly<Record<string, Check>> = {
  ociVersion: checkText,
  process: (field, value) => checkFields(field, value, PROCESS, ["cwd"]),
  root: (field, value) => checkFields(field, value, { path: checkText, readonly: checkTrueOrFalse }, ["path"]),
  mounts: checkMounts,
  annotations: checkAnnotations,
  linux: (field, value) => checkFields(field, value, LINUX),
};

function isSpec(value: unknown): value is OciSpec {
  checkFields("", value, SPEC, ["ociVersion"]);
  return true;
}

function checkFields(
  field: string,
  value: unknown,
  checks: Readonly<Record<string, Check>>,
  needed: readonly string[] = [],
): void {
  const object = checkObject(field === "" ? "the whole" : field, value);
  for (const [name, check] of Object.entries(checks)) {
    const path = field === "" ? name : `${field}.${name}`;
    // Go's encoder writes null for an empty list: as good as absent.
    if (object[name] !== undefined && object[name] !== null) check(path, object[name]);
    else if (needed.includes(name)) throw invalid(path, "there is none");
  }
}

function checkAbsolute(field: string, value: unknown): void {
  if (!checkText(field, value).startsWith("/")) throw invalid(field, `${quote(value)} is no absolute path`);
}

function checkIds(field: string, value: unknown): void {
  for (const [index, item] of checkList(field, value).entries()) checkId(`${field}[${String(index)}]`, item);
}

function checkMounts(field: string, value: unknown): void {
  for (const [index, item] of checkList(field, value).entries()) {
    checkFields(`${field}[${String(index)}]`, item, MOUNT, ["destination"]);
  }
}

function checkAnnotations(field: string, value: unknown): void {
  for (const [name, text] of Object.entries(isObject(value) ? value : checkObject(field, value))) {
    checkText(`${field}["${name}"]`, text);
  }
}

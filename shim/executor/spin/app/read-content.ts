import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";
import type { ContentReference } from "./locked-app.ts";

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const REMEDY = "push the application again";

/**
 * Where the bytes of a source or file of a locked application are: what is in it before what it names.
 *
 * @throws {SpinError} `INVALID`
 */
export function readContent(table: Table): ContentReference {
  const inline = table.optionalText("inline");
  if (inline !== undefined) return { kind: "inline", bytes: decode(table, inline) };
  const digest = table.optionalText("digest");
  if (digest !== undefined) return { kind: "digest", digest: checkDigest(table, digest) };
  return { kind: "file", path: filePath(table) };
}

function decode(table: Table, text: string): Uint8Array {
  if (text.length % 4 === 0 && BASE64.test(text)) return Buffer.from(text, "base64");
  throw table.error("inline", `${quote(text)} is no base64`, REMEDY);
}

function checkDigest(table: Table, digest: string): string {
  if (DIGEST.test(digest)) return digest;
  throw table.error("digest", `${quote(digest)} is not "sha256:" and 64 hexadecimal digits`, REMEDY);
}

function filePath(table: Table): string {
  const source = table.optionalText("source");
  if (source === undefined) {
    throw table.error(undefined, "it has neither digest, nor inline, nor source", REMEDY);
  }
  try {
    return fileURLToPath(source);
  } catch {
    throw table.error("source", `${quote(source)} is no file:// URL of a path`, REMEDY);
  }
}

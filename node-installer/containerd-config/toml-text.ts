import { InstallError } from "../errors.ts";
import type { TomlScalar } from "./toml-tree.ts";

const CONTROL = /\p{Cc}|\p{Cs}/u;
const BARE_KEY = /^[A-Za-z0-9_-]+$/;

/** @throws {InstallError} `RequestInvalid` for control characters and lone surrogates, which no TOML may hold. */
export function tomlString(value: string): string {
  if (CONTROL.test(value)) {
    throw new InstallError(
      "RequestInvalid",
      `Cannot write ${JSON.stringify(value)} to containerd's configuration: it holds a control character`,
    );
  }
  return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

export function tomlScalar(value: TomlScalar): string {
  return typeof value === "string" ? tomlString(value) : String(value);
}

/** A dotted key; parts that are not bare are quoted. */
export function tomlKey(path: readonly string[]): string {
  return path.map((part) => (BARE_KEY.test(part) ? part : tomlString(part))).join(".");
}

/** The line break that a text uses: that of its first line. */
export function lineBreakOf(text: string): "\n" | "\r\n" {
  return /^[^\n]*\r\n/.test(text) ? "\r\n" : "\n";
}

/** Line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

import { StdioError } from "./errors.ts";

/** Where a stream of a process comes from or goes to. */
export type Target =
  | { readonly kind: "null" }
  /** A named pipe, or a file that exists, to append to. */
  | { readonly kind: "path"; readonly path: string }
  /** A file to append to, made when it is missing. */
  | { readonly kind: "file"; readonly path: string }
  /** A program that reads both outputs as its fds 3 and 4, and says on fd 5 when it is ready. */
  | {
      readonly kind: "program";
      readonly path: string;
      readonly args: readonly string[];
      /** Whether it must write a byte to be ready; else closing fd 5 will do. */
      readonly needsByte: boolean;
    };

export type StreamName = "stdin" | "stdout" | "stderr";

/** A longer URI is refused, in characters. */
const MAX_URI = 8192;

/** @throws {StdioError} `InvalidArgument` that names `stream` and `value`. */
export function parseTarget(stream: StreamName, value: string): Target {
  if (value === "") return { kind: "null" };
  if (value.length > MAX_URI || value.includes("\0")) {
    throw refusal(stream, value.slice(0, 100), `it must have at most ${MAX_URI} characters, and no NUL`);
  }
  if (value.startsWith("/")) return { kind: "path", path: value };
  return parseUri(stream, value);
}

/** Scheme, absolute path, query; URL would make a path of much else. */
const URI = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<path>\/[^?#]*)(?:\?(?<query>[^#]*))?$/;

function parseUri(stream: StreamName, value: string): Target {
  const { scheme, path: encoded = "", query = "" } = URI.exec(value)?.groups ?? {};
  if (scheme === undefined) throw refusal(stream, value, "it must be an absolute path, or a URI with one");
  const path = decodePath(encoded);
  if (path === undefined) throw refusal(stream, value, "its path has a broken escape");
  const target = targetOf(scheme, path, query);
  if (target === undefined) throw refusal(stream, value, "use a path, fifo://, file://, binary:// or binary-v2://");
  return target;
}

function targetOf(scheme: string, path: string, query: string): Target | undefined {
  switch (scheme) {
    case "fifo":
      return { kind: "path", path };
    case "file":
      return { kind: "file", path };
    case "binary":
    case "binary-v2":
      return { kind: "program", path, args: argumentsOf(query), needsByte: scheme === "binary-v2" };
    default:
      return undefined;
  }
}

function decodePath(encoded: string): string | undefined {
  try {
    const path = decodeURIComponent(encoded);
    return path.includes("\0") ? undefined : path;
  } catch {
    return undefined;
  }
}

/** Each key, then its first value, even if that is empty. */
function argumentsOf(query: string): readonly string[] {
  const parameters = new URLSearchParams(query);
  return [...new Set(parameters.keys())].flatMap((key) => [key, parameters.get(key) ?? ""]);
}

function refusal(stream: StreamName, value: string, reason: string): StdioError {
  return new StdioError("InvalidArgument", `Cannot use ${stream} "${value}": ${reason}`);
}

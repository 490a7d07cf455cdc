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

function parseUri(stream: StreamName, value: string): Target {
  const uri = URL.parse(value);
  if (uri === null) throw refusal(stream, value, "it must be an absolute path or a URI");
  const path = decodeURIComponent(uri.pathname);
  if (!path.startsWith("/") || uri.host !== "") throw refusal(stream, value, "the URI must hold an absolute path");
  switch (uri.protocol) {
    case "fifo:":
      return { kind: "path", path };
    case "file:":
      return { kind: "file", path };
    case "binary:":
    case "binary-v2:":
      return { kind: "program", path, args: argumentsOf(uri), needsByte: uri.protocol === "binary-v2:" };
    default:
      throw refusal(stream, value, "use a path, fifo://, file://, binary:// or binary-v2://");
  }
}

/** Each key, then its first value if that is not empty. */
function argumentsOf(uri: URL): readonly string[] {
  const keys = [...new Set(uri.searchParams.keys())];
  return keys.flatMap((key) => [key, uri.searchParams.get(key) ?? ""]);
}

function refusal(stream: StreamName, value: string, reason: string): StdioError {
  return new StdioError("InvalidArgument", `Cannot use ${stream} "${value}": ${reason}`);
}

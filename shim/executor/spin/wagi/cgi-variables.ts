/** What a CGI program is told about a request. */
export interface CgiRequest {
  readonly method: string;
  readonly pathWithQuery: string;
  readonly authority: string;
  /** The client's: names in lower case and values, in turn, without those of Spin. */
  readonly headers: readonly string[];
  /** Spin's: as above. */
  readonly spinHeaders: readonly string[];
  /** Of a body whose length no header says; 0 without one. */
  readonly bodyBytes: number;
}

export type Variable = readonly [name: string, value: string];

/**
 * Credentials, what belongs to the connection, and `Proxy`: libraries take `HTTP_PROXY` for the proxy of the program's own
 * requests.
 *
 * @see {@link https://httpoxy.org} CVE-2016-5385
 */
const KEPT_BACK: ReadonlySet<string> = new Set(["authorization", "connection", "proxy", "proxy-authorization"]);
const DEFAULT_PORT = "80";
const SPIN_PREFIX = "spin-";
const CONTENT_LENGTH = "content-length";
const PATH_INFO = "spin-path-info";

/** @see {@link https://www.rfc-editor.org/rfc/rfc3875#section-4.1} */
export function cgiVariables(request: CgiRequest): readonly Variable[] {
  const headers = new Map(pairsOf(request.headers));
  const spin = new Map(pairsOf(request.spinHeaders));
  const { host, port } = partsOf(request.authority);
  const pathInfo = spin.get(PATH_INFO) ?? "";
  const client = partsOf(spin.get("spin-client-addr") ?? "").host.replaceAll(/^\[|\]$/g, "");
  return [
    ["AUTH_TYPE", ""],
    ["CONTENT_LENGTH", headers.get(CONTENT_LENGTH) ?? String(request.bodyBytes)],
    ["CONTENT_TYPE", headers.get("content-type") ?? ""],
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["PATH_INFO", pathInfo],
    ["PATH_TRANSLATED", decoded(pathInfo)],
    ["QUERY_STRING", queryOf(request.pathWithQuery)],
    ["REMOTE_ADDR", client],
    ["REMOTE_HOST", client],
    ["REMOTE_USER", ""],
    ["REQUEST_METHOD", request.method],
    ["SCRIPT_NAME", spin.get("spin-component-route") ?? ""],
    ["SERVER_NAME", host],
    ["SERVER_PORT", port],
    ["SERVER_PROTOCOL", "HTTP/1.1"],
    ["SERVER_SOFTWARE", "WAGI/1"],
    ["X_RAW_PATH_INFO", pathInfo],
    ...[...spin].filter(([name]) => name !== PATH_INFO).map(([name, value]): Variable => [xName(name), value]),
    ...[...headers]
      .filter(([name]) => !KEPT_BACK.has(name))
      .map(([name, value]): Variable => [`HTTP_${screaming(name)}`, value]),
  ];
}

/** Whether a header says how long the body is. @param headers as in {@link CgiRequest}. */
export function isLengthKnown(headers: readonly string[]): boolean {
  return headers.some((name, index) => index % 2 === 0 && name === CONTENT_LENGTH);
}

/** The program's arguments: the template, `${SCRIPT_NAME}` and `${ARGS}` put in, cut at spaces. */
export function cgiArguments(template: string, pathWithQuery: string): readonly string[] {
  const [path = ""] = pathWithQuery.split("?", 1);
  const args = queryOf(pathWithQuery).replaceAll("&", " ");
  return template
    .replaceAll("${SCRIPT_NAME}", () => path)
    .replaceAll("${ARGS}", () => args)
    .split(" ");
}

function queryOf(pathWithQuery: string): string {
  const at = pathWithQuery.indexOf("?");
  return at < 0 ? "" : pathWithQuery.slice(at + 1);
}

/** Of fields that come more than once, all values in one. */
function pairsOf(flat: readonly string[]): readonly Variable[] {
  const values = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = (flat[index] ?? "").toLowerCase();
    const value = flat[index + 1] ?? "";
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return [...values];
}

/** `spin-path-match-user` is `X_PATH_MATCH_USER`. */
function xName(name: string): string {
  return `X_${screaming(name.slice(SPIN_PREFIX.length))}`;
}

function screaming(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}

function partsOf(authority: string): { readonly host: string; readonly port: string } {
  const colon = authority.lastIndexOf(":");
  return colon < 0 || authority.endsWith("]")
    ? { host: authority, port: DEFAULT_PORT }
    : { host: authority.slice(0, colon), port: authority.slice(colon + 1) };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // Not UTF-8.
  }
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { ClusterError } from "./cluster-error.ts";

const REQUEST_TIMEOUT_MS = 10_000;

/** What the cluster itself asks of its API server, as the user of a certificate. */
export interface Api {
  /**
   * The answer, as JSON where it is JSON, else as text.
   *
   * @throws {ClusterError} `COMMAND_FAILED` for any status of 300 or more, but for those in `accept`.
   */
  call(call: ApiCall, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

interface ApiCall {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  /** Statuses that are no error, e.g. 409 for "is there already". */
  readonly accept?: readonly number[];
}

export async function connectApi(url: string, pki: string, user: string): Promise<Api> {
  const [ca, cert, key] = await Promise.all(
    ["ca.crt", `${user}.crt`, `${user}.key`].map(async (name) => readFile(join(pki, name), "utf8")),
  );
  const dispatcher = new Agent({ connect: { ca, cert, key }, connections: 8 });
  return {
    call: async (call, signal) => callApi(dispatcher, url, call, signal),
    close: async () => dispatcher.destroy(),
  };
}

async function callApi(dispatcher: Agent, url: string, call: ApiCall, signal: AbortSignal): Promise<unknown> {
  const { method = "GET", path, body, accept = [] } = call;
  const answer = await request(url + path, {
    dispatcher,
    method,
    headers: { accept: "application/json, */*", "content-type": "application/json", "user-agent": "rcm-cluster" },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300 && !accept.includes(answer.statusCode)) {
    const why = `status ${String(answer.statusCode)}: ${text.slice(0, 500)}`;
    throw new ClusterError("COMMAND_FAILED", `Cannot ${method} "${path}": ${why}`);
  }
  return String(answer.headers["content-type"]).startsWith("application/json") ? (JSON.parse(text) as unknown) : text;
}

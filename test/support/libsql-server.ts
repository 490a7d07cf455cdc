import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import { json } from "node:stream/consumers";

type HranaValue =
  | { readonly type: "null" }
  | { readonly type: "integer"; readonly value: string }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "blob"; readonly base64: string };

interface StreamRequest {
  readonly type: string;
  readonly stmt?: { readonly sql?: string; readonly args?: readonly HranaValue[] };
}

interface Pipeline {
  readonly baton?: string | null;
  readonly requests: readonly StreamRequest[];
}

/**
 * A server of libsql's protocol Hrana 2 over HTTP, on SQLite: what its specification says of streams, batons, and the
 * requests `execute` and `close`. (The real one is not to be had from a package registry.)
 *
 * @see {@link https://github.com/tursodatabase/libsql/blob/main/docs/HTTP_V2_SPEC.md}
 */
export class LibsqlServer {
  readonly #file: string;
  readonly #token: string;
  readonly #server: Server;
  readonly #streams = new Map<string, DatabaseSync>();
  /** Requests that are not answered: until this server ends. */
  isSilent = false;

  /** @param file - of the database; all streams use it. */
  constructor(file: string, token: string) {
    this.#file = file;
    this.#token = token;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  async listen(host = "127.0.0.1"): Promise<string> {
    this.#server.listen(0, host);
    await once(this.#server, "listening");
    return `http://${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Streams that no client has closed. */
  get openStreams(): number {
    return this.#streams.size;
  }

  async close(): Promise<void> {
    for (const database of this.#streams.values()) database.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.isSilent) return;
    if (request.headers.authorization !== `Bearer ${this.#token}`) {
      response.writeHead(401).end(JSON.stringify({ message: "the token is not valid" }));
    } else if (request.method === "POST" && request.url === "/v2/pipeline") {
      const answer = this.#pipeline((await json(request)) as Pipeline);
      response.writeHead(answer === undefined ? 400 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? { message: "there is no such stream" }));
    } else response.writeHead(404).end();
  }

  #pipeline({ baton, requests }: Pipeline): object | undefined {
    const database =
      typeof baton === "string" ? this.#streams.get(baton) : new DatabaseSync(this.#file, { timeout: 50 });
    if (database === undefined) return undefined;
    if (typeof baton === "string") this.#streams.delete(baton);
    const results = requests.map((request) => resultOf(database, request));
    if (requests.at(-1)?.type === "close") {
      database.close();
      return { baton: null, base_url: null, results };
    }
    const next = randomUUID(); // Each is for one request.
    this.#streams.set(next, database);
    return { baton: next, base_url: null, results };
  }
}

function resultOf(database: DatabaseSync, { type, stmt }: StreamRequest): object {
  if (type === "close") return { type: "ok", response: { type } };
  try {
    if (type !== "execute") throw new Error(`the request ${type} is not known`);
    return { type: "ok", response: { type, result: execute(database, stmt?.sql ?? "", stmt?.args ?? []) } };
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return { type: "error", error: { message: `SQLite error: ${message}`, code: code ?? null } };
  }
}

function execute(database: DatabaseSync, sql: string, args: readonly HranaValue[]): object {
  const before = totalChanges(database);
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const rows = statement.all(...args.map(inputOf)).map((row) => Object.values(row).map(hranaOf));
  const id = database.prepare("SELECT last_insert_rowid() AS id").get()?.["id"];
  return {
    cols: statement.columns().map(({ name, type }) => ({ name, decltype: type })),
    rows,
    affected_row_count: totalChanges(database) - before,
    last_insert_rowid: String(id),
  };
}

function totalChanges(database: DatabaseSync): number {
  return Number(database.prepare("SELECT total_changes() AS changes").get()?.["changes"]);
}

function inputOf(value: HranaValue): SQLInputValue {
  if (value.type === "null") return null;
  if (value.type === "integer") return BigInt(value.value);
  return value.type === "blob" ? Buffer.from(value.base64, "base64") : value.value;
}

function hranaOf(value: SQLOutputValue): HranaValue {
  if (value === null) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: value.toString() };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  return { type: "blob", base64: Buffer.from(value).toString("base64").replaceAll("=", "") };
}

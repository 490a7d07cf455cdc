import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The part of a HashiCorp Vault that reads secrets of the key-value engine, version 2. */
export class VaultServer {
  readonly #server: Server;
  /** Bodies of answers by path, beneath `/v1/`. */
  readonly answers = new Map<string, { readonly status: number; readonly body: string }>();

  constructor(token: string) {
    this.#server = createServer((request, response) => {
      if (request.headers["x-vault-token"] !== token) {
        response.writeHead(403).end(JSON.stringify({ errors: ["permission denied"] }));
        return;
      }
      const answer = this.answers.get((request.url ?? "").replace(/^\/v1\//, ""));
      response.writeHead(answer?.status ?? 404, { "content-type": "application/json" });
      response.end(answer?.body ?? JSON.stringify({ errors: [] }));
    });
  }

  /** A secret at `mount/data/path`. */
  put(path: string, data: Readonly<Record<string, unknown>>): void {
    const body = JSON.stringify({ data: { data, metadata: { version: 1, destroyed: false } } });
    this.answers.set(path, { status: 200, body });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

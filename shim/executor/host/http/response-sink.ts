import type { ServerResponse } from "node:http";
import type { BodySink } from "./body-sink.ts";
import { HttpError } from "./error-code.ts";

/** Bodies up to this size become one string with the head, which is one write to the socket. */
const ONE_WRITE_BYTES = 16 << 10;

/** The response of node:http as the place where a guest's body goes. */
export class ResponseSink implements BodySink {
  readonly #response: ServerResponse;
  readonly #status: number;
  readonly #headers: readonly string[];

  constructor(response: ServerResponse, status: number, headers: readonly string[]) {
    this.#response = response;
    this.#status = status;
    this.#headers = headers;
  }

  write(chunk: Buffer): void {
    if (!this.#response.headersSent) this.#response.writeHead(this.#status, [...this.#headers]);
    this.#response.write(chunk);
  }

  queuedBytes(): number {
    return this.#response.writableLength;
  }

  onDrain(listener: () => void): () => void {
    this.#response.on("drain", listener).on("close", listener);
    return () => {
      this.#response.off("drain", listener).off("close", listener);
    };
  }

  failure(): Error | undefined {
    if (this.#response.writableFinished || !this.#response.closed) return undefined;
    return new HttpError({ tag: "connection-terminated" });
  }

  end(rest: readonly Buffer[], trailers: readonly string[] | undefined): void {
    const response = this.#response;
    if (trailers !== undefined && trailers.length > 0) {
      if (!response.headersSent) response.writeHead(this.#status, [...this.#headers]);
      for (const chunk of rest) response.write(chunk);
      response.addTrailers(pairsOf(trailers));
      response.end();
    } else if (response.headersSent) {
      for (const chunk of rest) response.write(chunk);
      response.end();
    } else {
      this.#endWhole(rest.length === 1 && rest[0] !== undefined ? rest[0] : Buffer.concat(rest));
    }
  }

  #endWhole(body: Buffer): void {
    const headers = this.#headers.slice(); // Of arrays a spread takes its iterator.
    if (mayHaveLength(this.#status, this.#headers)) headers.push("content-length", String(body.length));
    this.#response.writeHead(this.#status, headers);
    if (body.length <= ONE_WRITE_BYTES) this.#response.end(body.toString("latin1"), "latin1");
    else this.#response.end(body);
  }

  /** The client sees a cut connection, for it may not take what it has for the whole. */
  abort(): void {
    if (this.#response.headersSent) this.#response.destroy();
  }
}

/** @param headers names in lower case and values in turn. */
export function mayHaveLength(status: number, headers: readonly string[]): boolean {
  if (status < 200 || status === 204 || status === 304) return false;
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] === "content-length") return false;
  }
  return true;
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.push([flat[index] ?? "", flat[index + 1] ?? ""]);
  return pairs;
}

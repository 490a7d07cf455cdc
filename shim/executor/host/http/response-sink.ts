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

  begin(): void {
    if (this.#response.headersSent) return;
    this.#writeHead();
    this.#response.flushHeaders();
  }

  write(chunk: Buffer): void {
    if (!this.#response.headersSent) this.#writeHead();
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

  /** Trailers that cannot be sent are dropped, as hyper does: those of a body that does not go in chunks. */
  end(rest: readonly Buffer[], trailers: readonly string[] | undefined): void {
    const response = this.#response;
    if (trailers !== undefined && trailers.length > 0 && this.#isChunked()) {
      if (!response.headersSent) this.#writeHead();
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

  #writeHead(): void {
    this.#response.writeHead(this.#status, this.#isChunked() ? [...this.#headers] : withoutTrailer(this.#headers));
  }

  /** Whether Node sends a body in chunks whose length it is not told. */
  #isChunked(): boolean {
    const { req, useChunkedEncodingByDefault } = this.#response;
    return useChunkedEncodingByDefault && req.method !== "HEAD" && mayHaveLength(this.#status, this.#headers);
  }

  #endWhole(body: Buffer): void {
    const headers = withoutTrailer(this.#headers);
    if (mayHaveLength(this.#status, this.#headers)) headers.push("content-length", String(body.length));
    this.#response.writeHead(this.#status, headers);
    if (body.length <= ONE_WRITE_BYTES) this.#response.end(body.toString("latin1"), "latin1");
    else this.#response.end(body);
  }

  /** The client sees a cut connection: it must not take what it has for the whole. */
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

/** A copy without the field that announces trailers: Node takes it with chunks only. */
function withoutTrailer(headers: readonly string[]): string[] {
  if (!headers.includes("trailer")) return headers.slice(); // Of arrays a spread takes its iterator.
  return headers.filter((_text, index) => headers[index - (index % 2)] !== "trailer");
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.push([flat[index] ?? "", flat[index + 1] ?? ""]);
  return pairs;
}

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import { httpErrorCode } from "./error-code.ts";
import { Fields } from "./fields.ts";
import type { IncomingResponse } from "./messages.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import type { OutgoingCall } from "./outgoing-service.ts";
import { UndiciService } from "./undici-service.ts";

const MAX_FIELD_BYTES = 128 << 10;

describe("UndiciService", () => {
  const seen: string[] = [];
  let headBytes = 0;
  const server = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
    seen.push(request.url ?? "");
    response.writeHead(200, { "x-large": "a".repeat(headBytes) });
    response.end();
  });
  let service: UndiciService;

  beforeEach(async () => {
    service = new UndiciService({ isAllowed: () => true, maxConnections: 1 });
    seen.length = 0;
    headBytes = 0;
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  afterEach(async () => {
    await service.close();
    server.closeAllConnections();
    server.close();
  });

  async function send(body?: OutgoingBody): Promise<IncomingResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingResponse>();
    const { port } = server.address() as AddressInfo;
    service.send({
      target: { scheme: "http", host: "127.0.0.1", port, pathWithQuery: "/" },
      method: "POST",
      headers: [],
      body,
      maxFieldBytes: MAX_FIELD_BYTES,
      signal: new AbortController().signal,
      onResponse: resolve,
      onEnd: (error: Error | undefined) => {
        if (error !== undefined) reject(error);
      },
    } as unknown as OutgoingCall);
    return promise;
  }

  it("takes a response whose head is as large as fields may be, and no larger one", async () => {
    headBytes = MAX_FIELD_BYTES - 1000;
    expect((await send()).headers.text("x-large")).to.have.length(headBytes);
    headBytes = MAX_FIELD_BYTES;
    expect(httpErrorCode(await send().catch((reason: unknown) => reason))).to.have.property(
      "tag",
      "HTTP-response-header-section-size",
    );
  });

  it("sends no request whose trailers it would lose", async () => {
    const state = new HostState({} as HostServices, { deadlineMs: performance.now() + 10_000, computeMs: 1000 });
    const body = new OutgoingBody(state, { bytes: undefined, mismatch: "HTTP-request-body-size" });
    const trailers = Fields.empty(1000);
    trailers.append("a", Buffer.from("1"));
    body.finish(trailers);
    expect(httpErrorCode(await send(body).catch((reason: unknown) => reason))).to.deep.equal({
      tag: "internal-error",
      val: "Trailers of a request are not supported",
    });
    expect(seen).to.deep.equal([]);
  });
});

import { once } from "node:events";
import { connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { describe, it } from "mocha";
import { headersOf, Http2Sink } from "./http2-sink.ts";

describe("headersOf()", () => {
  for (const [says, flat, headers] of [
    ["is empty without fields", [], {}],
    ["takes names in lower case", ["X-Own", "a"], { "x-own": "a" }],
    ["joins values of one name", ["vary", "a", "vary", "b"], { vary: "a, b" }],
    ["keeps cookies apart", ["set-cookie", "a=1", "set-cookie", "b=2"], { "set-cookie": ["a=1", "b=2"] }],
    ["leaves out what is the connection's", ["Connection", "close", "te", "trailers", "etag", "x"], { etag: "x" }],
    ["takes a name of the language for a name", ["__proto__", "a"], JSON.parse('{"__proto__":"a"}') as object],
  ] as const) {
    it(says, () => expect(headersOf(flat)).to.deep.equal(headers));
  }
});

describe("Http2Sink", () => {
  it("cuts a stream whose trailers Node refuses", async () => {
    const server = createServer().on("session", (connection) => {
      connection.on("stream", (stream) => {
        stream.on("error", () => undefined);
        new Http2Sink(stream, { status: 200, headers: [], isHead: false }).end([Buffer.from("a")], [":status", "200"]);
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({ ":path": "/" });
    const [error] = (await once(stream.resume(), "error")) as [Error];
    expect(error.message).to.match(/INTERNAL_ERROR/);
    session.destroy();
    server.close();
  });
});

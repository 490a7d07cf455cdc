import { once } from "node:events";
import { connect, createServer, type AddressInfo, type LookupFunction } from "node:net";
import { expect } from "chai";
import { describe, it } from "mocha";
import { hasCode, messageOf } from "./errors.ts";

function lookUpTwo(...[, , callback]: Parameters<LookupFunction>): void {
  callback(null, [
    { address: "127.0.0.1", family: 4 },
    { address: "127.0.0.2", family: 4 },
  ]);
}

describe("messageOf()", () => {
  it("tells the causes, each once", () => {
    const cause = new Error("b", { cause: new Error("c", { cause: "d" }) });
    expect(messageOf(new Error("a: b", { cause }))).to.equal("a: b: c: d");
  });

  it("ends, also where an error is its own cause", () => {
    const error = new Error("a");
    error.cause = error;
    expect(messageOf(error)).to.equal("a");
  });

  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const strange: readonly [thrown: unknown, message: string][] = [
    [circular, "<ref *1> { self: [Circular *1] }"],
    [{ a: 1 }, '{"a":1}'],
    [{ big: 1n }, "{ big: 1n }"],
    [1n, "1n"],
    [Symbol("s"), "Symbol(s)"],
    [null, "null"],
    [undefined, ""],
  ];
  for (const [thrown, message] of strange) {
    it(`makes ${JSON.stringify(message)} of what is no error`, () => {
      expect(messageOf(thrown)).to.equal(message);
    });
  }

  it("tells why no address of a host could be reached", async () => {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const socket = connect({ host: "two.example", port, lookup: lookUpTwo, autoSelectFamily: true });
    const [error]: unknown[] = await once(socket, "error").catch((reason: unknown) => [reason]);
    expect(messageOf(error)).to.include(`ECONNREFUSED 127.0.0.1:${port}`).and.include(`ECONNREFUSED 127.0.0.2:${port}`);
  });
});

describe("hasCode()", () => {
  const error = Object.assign(new Error("x"), { code: "ENOENT" });
  it("knows an error by one of the codes", () => {
    expect(hasCode(error, "EEXIST", "ENOENT")).to.equal(true);
    expect(hasCode(error, "EEXIST")).to.equal(false);
  });

  it("takes nothing else for an error", () => {
    for (const other of [undefined, null, "ENOENT", { code: "ENOENT" }, new Error("ENOENT")]) {
      expect(hasCode(other, "ENOENT")).to.equal(false);
    }
  });
});

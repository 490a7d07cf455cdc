import { expect } from "chai";
import { describe, it } from "mocha";
import { type RedisReply, redisReplyFrom } from "../redis/redis-reply.ts";
import { bytesOf, integerOf, redisArgument, redisResults, textsOf } from "./redis-results.ts";

function nested(depth: number): RedisReply {
  let reply: RedisReply = { kind: "nil" };
  for (let level = 0; level < depth; level += 1) reply = { kind: "list", items: [reply] };
  return reply;
}

describe("redisResults()", () => {
  it("makes one list of lists in lists", () => {
    const reply = redisReplyFrom(["1", [Buffer.from("a"), ["OK", null]]]);
    expect(redisResults(reply)).to.deep.equal([
      { tag: "int64", val: 1n },
      { tag: "binary", val: Buffer.from("a") },
      { tag: "status", val: "OK" },
      { tag: "nil" },
    ]);
    expect(redisResults(redisReplyFrom([]))).to.deep.equal([]);
  });

  it("refuses lists that are too deep", () => {
    expect(redisResults(nested(32))).to.deep.equal([{ tag: "nil" }]);
    expect(() => redisResults(nested(40))).to.throw("it must be a flatter answer, and is list");
  });
});

describe("the results of commands", () => {
  const status = redisReplyFrom("OK");

  it("are bytes or nothing", () => {
    expect(bytesOf(redisReplyFrom(null))).to.equal(undefined);
    expect(bytesOf(redisReplyFrom(Buffer.from([0])))).to.deep.equal(Buffer.from([0]));
    expect(() => bytesOf(status)).to.throw("it must be bytes, and is status");
  });

  it("are integers", () => {
    expect(integerOf(redisReplyFrom("-3"))).to.equal(-3n);
    expect(() => integerOf(status)).to.throw("it must be an integer, and is status");
  });

  it("are texts", () => {
    expect(textsOf(redisReplyFrom([Buffer.from("ä"), Buffer.from("")]))).to.deep.equal(["ä", ""]);
    expect(() => textsOf(status)).to.throw("it must be a list, and is status");
  });
});

describe("redisArgument()", () => {
  it("copies bytes and writes integers out", () => {
    const bytes = new Uint8Array([1, 2]);
    const argument = redisArgument({ tag: "binary", val: bytes });
    bytes.fill(0);
    expect(argument).to.deep.equal(Buffer.from([1, 2]));
    expect(redisArgument({ tag: "int64", val: -(2n ** 63n) })).to.equal("-9223372036854775808");
  });
});

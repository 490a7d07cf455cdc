import { expect } from "chai";
import { describe, it } from "mocha";
import { redisReplyFrom } from "./redis-reply.ts";

describe("redisReplyFrom()", () => {
  const cases: readonly (readonly [name: string, raw: unknown, expected: object])[] = [
    ["nothing", null, { kind: "nil" }],
    ["a status", "OK", { kind: "status", text: "OK" }],
    ["an empty status", "", { kind: "status", text: "" }],
    ["an integer that no number holds", "-9223372036854775808", { kind: "integer", value: -(2n ** 63n) }],
    ["bytes", Buffer.from("12"), { kind: "bytes", bytes: Buffer.from("12") }],
    [
      "a list",
      ["1", [null]],
      {
        kind: "list",
        items: [
          { kind: "integer", value: 1n },
          { kind: "list", items: [{ kind: "nil" }] },
        ],
      },
    ],
  ];
  for (const [name, raw, expected] of cases) {
    it(`reads ${name}`, () => {
      expect(redisReplyFrom(raw)).to.deep.equal(expected);
    });
  }

  it("refuses what only newer servers say", () => {
    expect(() => redisReplyFrom(new Map())).to.throw(TypeError, "of an unknown kind");
  });

  it("throws what the server says of one command of several", () => {
    expect(() => redisReplyFrom(["1", new Error("WRONGTYPE no")])).to.throw("WRONGTYPE no");
  });
});

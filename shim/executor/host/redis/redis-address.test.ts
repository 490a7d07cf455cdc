import { expect } from "chai";
import { describe, it } from "mocha";
import { parseRedisAddress } from "./redis-address.ts";

describe("parseRedisAddress()", () => {
  const plain = { host: "h", port: 6379, transport: "plain", user: undefined, password: undefined, database: 0 };
  const valid: readonly (readonly [text: string, expected: object])[] = [
    ["redis://h", plain],
    ["redis://h/", plain],
    ["redis://h:7000/12", { ...plain, port: 7000, database: 12 }],
    ["rediss://h", { ...plain, transport: "tls" }],
    ["redis://[::1]:1", { ...plain, host: "::1", port: 1 }],
    ["redis://u%40:p%3A%2F@h", { ...plain, user: "u@", password: "p:/" }],
    ["redis://:p@h", { ...plain, password: "p" }],
  ];
  for (const [text, expected] of valid) {
    it(`reads ${text}`, () => {
      expect(parseRedisAddress(text)).to.deep.equal(expected);
    });
  }

  const invalid: readonly (readonly [text: string, problem: string])[] = [
    ["http://h", "must begin with redis://"],
    ["h:6379", "must begin with redis://"],
    ["redis+unix:///s", "must begin with redis://"],
    ["redis:///1", "names no host"],
    ["redis://h/x", "must be the number of a database"],
    ["redis://h/1/2", "must be the number of a database"],
    ["redis://evil:6379#@h", "must be percent-encoded"],
    ["redis://evil:6379?@h", "must be percent-encoded"],
    ["redis://evil\\@h", "must be percent-encoded"],
    ["redis://evil/1@h", "must be the number of a database"],
    ["redis://u:s3cr3t%zz@h", "must be percent-encoded"],
  ];
  for (const [text, problem] of invalid) {
    it(`refuses ${text}, without repeating it`, () => {
      expect(() => parseRedisAddress(text))
        .to.throw(problem)
        .with.property("message")
        .that.does.not.include("s3cr3t");
    });
  }
});

import { text } from "node:stream/consumers";
import { expect } from "chai";
import { describe, it } from "mocha";
import { prefixLines } from "./prefix-lines.ts";

async function* cut(content: string, size: number): AsyncGenerator<Uint8Array, void> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

describe("prefixLines()", () => {
  const cases: readonly [says: string, content: string, expected: string][] = [
    ["lines, empty ones too", "one\n\nthree\n", "> one\n> \n> three\n"],
    ["a last line without a newline", "one\ntwo", "> one\n> two\n"],
    ["nothing", "", ""],
    ["what is not ASCII", "é\n👍\n", "> é\n> 👍\n"],
    ["a line that is too long", "0123456789\nab\n", "> 01234567\n> 89\n> ab\n"],
    ["a line that is just long enough", "0123456\nab\n", "> 0123456\n> ab\n"],
  ];
  for (const [says, content, expected] of cases) {
    it(`takes ${says}, in chunks of 1, 2 and many bytes`, async () => {
      for (const size of [1, 2, 1000]) {
        expect(await text(prefixLines(cut(content, size), "> ", 8))).to.equal(expected);
      }
    });
  }
});

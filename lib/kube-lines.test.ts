import { expect } from "chai";
import { describe, it } from "mocha";
import { readLines } from "./kube-lines.ts";

async function* cut(text: string, chunkBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
  }
}

async function linesOf(text: string, chunkBytes: number, maxBytes = 100): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readLines(cut(text, chunkBytes), maxBytes)) lines.push(line);
  return lines;
}

describe("readLines()", () => {
  for (const chunkBytes of [1, 2, 3, 7, 1000]) {
    it(`puts lines together from chunks of ${chunkBytes} bytes`, async () => {
      expect(await linesOf("é€𝄞\n\nb\nlast", chunkBytes)).to.deep.equal(["é€𝄞", "b", "last"]);
    });
  }

  it("yields nothing for nothing", async () => {
    expect(await linesOf("\n\n", 1)).to.deep.equal([]);
  });

  it("refuses a line that does not end", async () => {
    const reason: unknown = await linesOf("x".repeat(101), 10).catch((error: unknown) => error);
    expect(reason).to.include({ code: "Malformed" });
    expect(await linesOf(`${"x".repeat(100)}\ny`, 10)).to.have.length(2);
  });
});

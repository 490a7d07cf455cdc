import { closeSync, fstatSync } from "node:fs";
import { expect } from "chai";
import { nativeMemory } from "./native-memory.ts";

const MIB = 1024 * 1024;
/** In which the system counts what a file takes. */
const BLOCK_BYTES = 512;

describe("nativeMemory(), file()", () => {
  it("takes room for what is not zero only", () => {
    const native = nativeMemory();
    if (native === undefined) throw new Error("There are no native calls here");
    const content = Buffer.alloc(64 * MIB + 5);
    const places = [0, 10 * MIB + 123, content.length - 1];
    for (const place of places) content[place] = 7;
    const { fd, view } = native.file(content);
    const { size, blocks } = fstatSync(fd);
    closeSync(fd);
    expect(size).to.equal(content.length);
    expect(blocks * BLOCK_BYTES).to.be.within(places.length * 4096, 8 * MIB);
    expect(view.equals(content)).to.equal(true);
  });
});

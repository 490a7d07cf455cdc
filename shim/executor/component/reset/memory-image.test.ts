import { expect } from "chai";
import { wasm, type CoreMemory } from "../core/web-assembly.ts";
import { buildModule } from "../testing/module-builder.ts";
import { isMemory } from "./instance-image.ts";
import { MemoryImage } from "./memory-image.ts";

const GROW = { types: [{ params: [], results: ["i32"] }], functions: [{ type: 0, code: [0x41, 1, 0x40, 0] }] };

function memoryOf(pages: number): { readonly memory: CoreMemory; readonly grow: () => void } {
  const bytes = buildModule({
    ...GROW,
    memory: { min: pages, max: pages + 2 },
    exports: [
      { name: "memory", kind: "memory", index: 0 },
      { name: "grow", kind: "func", index: 0 },
    ],
  });
  const { memory, grow } = new wasm.Instance(new wasm.Module(bytes), {}).exports;
  if (!isMemory(memory) || typeof grow !== "function") throw new Error("The module has no memory");
  return { memory, grow: () => void Reflect.apply(grow, undefined, []) };
}

function fill(memory: CoreMemory, seed: number): Buffer {
  const bytes = Buffer.from(memory.buffer);
  for (let at = 0; at < bytes.length; at += 61) bytes[at] = at * seed;
  return Buffer.from(bytes);
}

describe("MemoryImage", () => {
  for (const [pages, how] of [
    [1, "by copying it whole"],
    [40, "by the pages that were written"],
  ] as const) {
    it(`puts a memory of ${pages} pages back ${how}`, () => {
      const { memory } = memoryOf(pages);
      const first = fill(memory, 7);
      const image = MemoryImage.take(memory);
      fill(memory, 11);
      const keeper = image.keep(memory);
      expect(Buffer.from(memory.buffer).equals(first), "at once").to.equal(true);
      for (const at of [0, 4_095, 4_096, memory.buffer.byteLength - 1]) {
        Buffer.from(memory.buffer)[at] = 99;
        expect(keeper?.restore()).to.equal(true);
        expect(Buffer.from(memory.buffer).equals(first), `byte ${at}`).to.equal(true);
      }
    });

    it(`serves several instances of ${pages} pages`, () => {
      const one = memoryOf(pages).memory;
      const two = memoryOf(pages).memory;
      const first = fill(one, 7);
      const image = MemoryImage.take(one);
      const keepers = [image.keep(one), image.keep(two)];
      Buffer.from(one.buffer)[5_000] = 1;
      expect(Buffer.from(two.buffer).equals(first), "the other does not change").to.equal(true);
      for (const keeper of keepers) keeper?.restore();
      expect(Buffer.from(one.buffer).equals(first)).to.equal(true);
    });

    it(`gives up a memory of ${pages} pages that has grown`, () => {
      const { memory, grow } = memoryOf(pages);
      const image = MemoryImage.take(memory);
      const keeper = image.keep(memory);
      grow();
      expect(keeper?.restore()).to.equal(false);
      expect(image.keep(memory)).to.equal(undefined);
    });
  }

  it("gives up a memory of no pages that has grown: what is in it is for nobody else", () => {
    const { memory, grow } = memoryOf(0);
    const keeper = MemoryImage.take(memory).keep(memory);
    expect(keeper?.restore()).to.equal(true);
    grow();
    expect(keeper?.restore()).to.equal(false);
  });

  it("begins anew after many resets of many pages, and stays right", () => {
    const { memory } = memoryOf(40);
    const first = fill(memory, 7);
    const keeper = MemoryImage.take(memory).keep(memory);
    for (let round = 0; round < 1_005; round += 1) {
      if (round % 333 === 0) fill(memory, 13);
      keeper?.restore();
    }
    expect(Buffer.from(memory.buffer).equals(first)).to.equal(true);
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ByteWriter } from "../core/byte-writer.ts";
import type { Instance } from "../host-interface.ts";
import { link } from "../link/link.ts";
import { ComponentBuilder, SECTION } from "../testing/component-builder.ts";
import { buildModule } from "../testing/module-builder.ts";
import { prepare, type Prepared } from "./prepare.ts";
import { prepareCached } from "./prepared-cache.ts";

const DATA = Uint8Array.from({ length: 300_000 }, (_, index) => index * 31);
const AT = 200_001;
/** The two numbers as operands. */
const AT_BYTES = [0xc1, 0x9a, 0x0c];
const THOUSAND_BYTES = [0xe8, 0x07];
/** Grows the memory by a page, and puts 5 at AT and 6 into the variable. */
const START = [0x41, 1, 0x40, 0, 0x1a, 0x41, ...AT_BYTES, 0x41, 5, 0x3a, 0, 0, 0x41, 6, 0x24, 0];
/** variable * 1000 + the byte at AT; then both are changed. */
const RUN = [
  0x23,
  0,
  0x41,
  ...THOUSAND_BYTES,
  0x6c,
  0x41,
  ...AT_BYTES,
  0x2d,
  0,
  0,
  0x6a,
  0x41,
  0,
  0x24,
  0,
  0x41,
  ...AT_BYTES,
  0x41,
  9,
  0x3a,
  0,
  0,
];

/** A component with much data, whose start changes memory, its size and a variable; `run` tells. */
function component(data: Uint8Array): Uint8Array {
  const module = buildModule({
    types: [
      { params: [], results: ["i32"] },
      { params: [], results: [] },
    ],
    functions: [
      { type: 0, code: RUN },
      { type: 1, code: START },
    ],
    memory: { min: 6 },
    globals: [0],
    exports: [{ name: "run", kind: "func", index: 0 }],
    start: 1,
    data,
  });
  return new ComponentBuilder()
    .module(module)
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 0))
    .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 0).name("run"))
    .define(SECTION.type, new ByteWriter().u8(0x40, 0, 0, 0x79))
    .define(SECTION.canon, new ByteWriter().u8(0, 0, 0, 0, 0))
    .define(SECTION.export, new ByteWriter().u8(0).name("run").u8(1, 0, 0))
    .finish();
}

function start(prepared: Prepared): Instance<undefined> {
  return link<undefined>(prepared, []).instantiate(undefined);
}

function check(prepared: Prepared): void {
  const linked = link<undefined>(prepared, []);
  for (let round = 0; round < 2; round += 1) {
    const instance = linked.instantiate(undefined);
    const run = instance.func("", "run");
    expect(run?.call(), "as after its start").to.equal(6_005);
    expect(run?.call(), "as it left it").to.equal(9);
    expect(instance.reset()).to.equal(true);
    expect(run?.call(), "after a reset").to.equal(6_005);
    expect(instance.memoryBytes()).to.equal(7 * 65_536);
  }
}

describe("withSnapshot()", () => {
  for (const meter of ["without-meter", "with-meter"] as const) {
    it(`begins instances where the start of the component ended, ${meter}`, () => {
      const prepared = prepare(component(DATA), { meter });
      expect(prepared.snapshot?.globals).to.deep.equal([6]);
      const [image] = prepared.snapshot?.memories ?? [];
      expect(image?.bytes.subarray(0, AT).equals(Buffer.from(DATA.subarray(0, AT)))).to.equal(true);
      expect(prepared.modules[0]?.bytes.length).to.be.lessThan(2_000);
      check(prepared);
    });

    it(`leaves a component with little data as it is, which does the same, ${meter}`, () => {
      const prepared = prepare(component(DATA.subarray(0, 1_000)), { meter });
      expect(prepared.snapshot).to.equal(undefined);
      check(prepared);
      expect(start(prepared).reset()).to.equal(true);
    });
  }

  it("is kept in the cache, and found to be spoilt there", () => {
    const folder = mkdtempSync(join(tmpdir(), "rcm-prepared-"));
    let reads = 0;
    function read(): Uint8Array {
      reads += 1;
      return component(DATA);
    }
    function take(): Prepared {
      return prepareCached({ folder }, { digest: `sha256:${"0a".repeat(32)}`, read }).prepared;
    }
    try {
      check(take());
      check(take());
      expect(reads).to.equal(1);
      const path = join(folder, readdirSync(folder)[0] ?? "");
      const content = readFileSync(path);
      content[content.length - 100_000] = 77;
      writeFileSync(path, content);
      check(take());
      writeFileSync(path, content.subarray(0, -70_000));
      check(take());
      expect(reads).to.equal(3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { ByteWriter } from "../component/core/byte-writer.ts";
import { importingComponent } from "../component/testing/importing-component.ts";
import { importsSpin } from "./imports-spin.ts";

const MODULE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** With something large in front of its import. */
function component(name: string): Uint8Array {
  return importingComponent(name, new Uint8Array(100_000));
}

/** A core module with one import of a function. */
function coreModule(name: string): Uint8Array {
  const imports = new ByteWriter().u32(1).name(name).name("open").u8(0, 0);
  return new ByteWriter()
    .u8(...MODULE)
    .section(1, new ByteWriter().u8(1, 0x60, 0, 0))
    .section(2, imports)
    .finish();
}

describe("importsSpin()", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "imports-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const cases: readonly (readonly [why: string, bytes: Uint8Array, isSpin: boolean])[] = [
    ["a component with Spin's stores", component("fermyon:spin/key-value@2.0.0"), true],
    ["a component with Spin's databases", component("spin:sqlite/sqlite@3.0.0"), true],
    ["a component with WASI's stores", component("wasi:keyvalue/store@0.2.0-draft2"), true],
    ["a component with WASI's configuration", component("wasi:config/store@0.2.0-draft-2024-09-27"), true],
    ["a component with WASI alone", component("wasi:http/types@0.2.0"), false],
    ["a core module with Spin's stores", coreModule("fermyon:spin/key-value@2.0.0"), true],
    ["a core module with WASI alone", coreModule("wasi_snapshot_preview1"), false],
    ["a component that was cut off", component("wasi:http/types@0.2.0").subarray(0, 60_000), false],
    ["a size without end", Uint8Array.of(...MODULE, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), false],
    ["what is none", Buffer.from("fermyon:spin/key-value"), false],
    ["nothing", new Uint8Array(0), false],
  ];
  for (const [why, bytes, isSpin] of cases) {
    it(`says ${String(isSpin)} for ${why}`, () => {
      const path = join(folder, "file.wasm");
      writeFileSync(path, bytes);
      expect(importsSpin(path)).to.equal(isSpin);
    });
  }
});

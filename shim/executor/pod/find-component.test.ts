import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { findComponent } from "./find-component.ts";

const WASM = Buffer.from("\0asm\r\0\u0001\0");

describe("findComponent()", () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "guest-"));
    for (const folder of ["bin", "app/app.wasm"]) mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, "bin/app.wasm"), WASM);
    writeFileSync(join(root, "app/text.wasm"), "text");
    writeFileSync(join(root, "bin/text.wasm"), WASM);
    symlinkSync("/bin/app.wasm", join(root, "link.wasm"));
    symlinkSync("/etc/passwd", join(root, "out.wasm"));
  });
  after(() => {
    rmSync(root, { recursive: true });
  });

  for (const [argument, expected] of [
    ["/bin/app.wasm", "/bin/app.wasm"],
    ["/bin/app.wasm#run", "/bin/app.wasm"],
    ["app.wasm", "/bin/app.wasm"],
    ["text.wasm", "/bin/text.wasm"],
    ["../bin/app.wasm", "/bin/app.wasm"],
    ["/link.wasm", "/bin/app.wasm"],
    ["/../../bin/app.wasm", "/bin/app.wasm"],
  ] as const) {
    it(`finds "${argument}"`, () => {
      const found = findComponent({ args: [argument], env: ["PATH=/app:/bin"], cwd: "/app" }, root);
      expect(found).to.equal(join(root, expected));
    });
  }

  for (const argument of ["/none.wasm", "/app/text.wasm", "/out.wasm", "/app", ""]) {
    it(`does not take "${argument}"`, () => {
      expect(findComponent({ args: [argument], env: [], cwd: "/" }, root)).to.equal(undefined);
    });
  }
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { wasiInterfaces } from "@rcm/shim/executor/host/index";
import { expect } from "chai";
import { componentFromText } from "../guests/component-tools.ts";
import { SIGNATURE_TABLES } from "../guests/signatures.ts";

const INSTALL_MS = 300_000;
const GENERATED = join(import.meta.dirname, "..", "..", "shim", "executor", "component", "generated");

function importing(params: string): string {
  return `(component
    (import "wasi:io/error@0.2.3" (instance $error (export "error" (type (sub resource)))))
    (alias export $error "error" (type $error-type))
    (import "wasi:io/streams@0.2.3" (instance $streams
      (export "output-stream" (type $stream (sub resource)))
      (export "[method]output-stream.subscribe" (func ${params}))))
    (core func $lowered (canon lower (func $streams "[method]output-stream.subscribe")))
    (core module $m (import "h" "f" (func (param i32) (result i32))))
    (core instance (instantiate $m (with "h" (instance (export "f" (func $lowered)))))))`;
}

describe("the types of WASI and of Spin", function () {
  this.timeout(INSTALL_MS);

  for (const [file, source] of Object.entries(SIGNATURE_TABLES)) {
    it(`are those of their own WIT (${file})`, async () => {
      expect(await source()).to.equal(readFileSync(join(GENERATED, file), "utf8"));
    });
  }

  it("are the only ones with which a component may import a function", async () => {
    const bytes = await componentFromText(importing(`(param "self" (borrow $stream)) (result u32)`));
    expect(() => link(prepare(bytes), wasiInterfaces)).to.throw(
      'it imports "wasi:io/streams@0.2.3#[method]output-stream.subscribe" with another type than it has',
    );
  });
});

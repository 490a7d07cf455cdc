import { expect } from "chai";
import { ByteWriter } from "../core/byte-writer.ts";
import type { HostInterface, Instance } from "../host-interface.ts";
import { prepare } from "../prepare/prepare.ts";
import { ComponentBuilder, SECTION } from "../testing/component-builder.ts";
import { echoComponent } from "../testing/echo-component.ts";
import { TypePool } from "../types/type-pool.ts";
import { link } from "./link.ts";

const STRING = new TypePool().value({ kind: "string" });
const TYPE = { params: [{ name: "p0", type: STRING }], result: STRING };

/** A component that passes each string through as many components as there are encodings. */
function chain(encodings: readonly ("utf8" | "utf16" | "latin1+utf16")[]): Uint8Array {
  const builder = new ComponentBuilder();
  const type = builder.func(["string"], "string");
  builder.define(SECTION.import, new ByteWriter().u8(0).name("echo").u8(1).u32(type)); // Func 0.
  for (const [index, encoding] of encodings.entries()) {
    builder
      .section(SECTION.component, new ByteWriter().bytes(echoComponent(["string"], "string", TYPE, encoding)))
      .define(SECTION.instance, new ByteWriter().u8(0).u32(index).u32(1).name("echo").u8(1).u32(index))
      .define(SECTION.alias, new ByteWriter().u8(1, 0).u32(index).name("run")); // Func index + 1.
  }
  return builder
    .define(SECTION.instance, new ByteWriter().u8(1).u32(1).u8(0).name("run").u8(1).u32(encodings.length))
    .define(SECTION.export, new ByteWriter().u8(0).name("test:chain/api@1.0.0").u8(5).u32(encodings.length).u8(0))
    .finish();
}

function instantiate(bytes: Uint8Array, host: HostInterface<string[]>["functions"][string]): Instance<string[]> {
  const interfaces = [{ name: "", version: undefined, functions: { echo: host }, resources: {} }];
  return link(prepare(bytes), interfaces).instantiate([]);
}

describe("a component of several components", () => {
  const bytes = chain(["utf8", "utf16", "latin1+utf16", "utf8"]);

  it("passes values from one to the next", () => {
    const instance = instantiate(bytes, { call: (seen, text: string) => `${seen.push(text)}: ${text}` });
    const func = instance.func("test:chain/api", "run");
    expect(func?.call("zażółć \u{1f600}")).to.equal("1: zażółć \u{1f600}");
    expect(func?.call("again")).to.equal("2: again");
    expect(instance.state).to.deep.equal(["zażółć \u{1f600}", "again"]);
  });

  it("waits as a whole for a host function that blocks", async () => {
    const instance = instantiate(bytes, { call: async (_seen, text) => Promise.resolve(text), blocking: true });
    expect(await Promise.resolve(instance.func("test:chain/api@1.0.0", "run")?.call("later"))).to.equal("later");
  });

  it("is used up as a whole when one traps", () => {
    const instance = instantiate(bytes, {
      call: () => {
        throw new Error("no");
      },
    });
    const func = instance.func("test:chain/api", "run");
    expect(() => void func?.call("text")).to.throw("no");
    expect(() => void func?.call("text")).to.throw("used up");
    expect(instance.reset()).to.equal(false);
  });

  it("is reset as a whole", () => {
    const instance = instantiate(bytes, { call: (_seen, text) => text });
    const func = instance.func("test:chain/api", "run");
    for (let round = 0; round < 3; round += 1) {
      expect(func?.call("x".repeat(10_000))).to.have.length(10_000);
      expect(instance.reset()).to.equal(true);
    }
    expect(instance.memoryBytes()).to.equal(4 * 8 * 65_536);
  });

  it("has no function but those it exports", () => {
    const linked = link(prepare(bytes), [
      { name: "", version: undefined, functions: { echo: { call: () => "" } }, resources: {} },
    ]);
    expect(linked.exports).to.deep.equal([{ interface: "test:chain/api", name: "run" }]);
    expect(linked.instantiate([]).func("test:chain/api", "other")).to.equal(undefined);
  });
});

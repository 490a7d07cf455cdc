import { expect } from "chai";
import { describe, it } from "mocha";
import { ByteWriter } from "../core/byte-writer.ts";
import { ComponentError, WasmTrap } from "../errors.ts";
import type { HostInterface } from "../host-interface.ts";
import { type Prepared, prepare } from "../prepare/prepare.ts";
import { ComponentBuilder, SECTION } from "../testing/component-builder.ts";
import { buildModule, type ModuleText } from "../testing/module-builder.ts";
import { link } from "./link.ts";

const GIVES_NUMBER = { params: [], results: ["i32"] } as const;
const END_OF_TIME = -1;

/** A component whose function `run` is the module's first export. */
function componentOf(module: Uint8Array): Uint8Array {
  const builder = new ComponentBuilder();
  const type = builder.func([], "u32");
  return builder
    .module(module)
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 0))
    .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 0).name("run"))
    .define(SECTION.canon, new ByteWriter().u8(0, 0, 0, 0).u32(type))
    .define(SECTION.export, new ByteWriter().u8(0).name("run").u8(1, 0, 0))
    .finish();
}

function moduleOf(functions: NonNullable<ModuleText["functions"]>, more: ModuleText = {}): Uint8Array {
  const index = functions.length - 1;
  return buildModule({ types: [GIVES_NUMBER], functions, exports: [{ name: "run", kind: "func", index }], ...more });
}

function refusal(module: Uint8Array): unknown {
  try {
    return prepare(componentOf(module), { meter: "with-meter" });
  } catch (error) {
    return error;
  }
}

/** Runs it with little time, `fuel` at once. @returns how often it asked for more. */
async function run(
  prepared: Prepared,
  hosts: readonly HostInterface<object>[] = [],
  fuel: number = 1 << 18,
): Promise<number> {
  let asked = 0;
  const timeKeeper = {
    refuel: () => {
      asked += 1;
      return asked > 3 ? END_OF_TIME : fuel;
    },
  };
  const instance = link(prepared, hosts, timeKeeper).instantiate({});
  await Promise.resolve(instance.func("", "run")?.call()).catch(() => undefined);
  return asked;
}

/** block, try_table (catch_all 0), call 0 */
const CALL_AND_CATCH = [0x02, 0x40, 0x1f, 0x40, 1, 2, 0, 0x10, 0, 0x1a, 0x0b, 0x0b];

/** A component whose function `run` has one local variable; function 0 is the host's. */
function componentWithHost(code: readonly number[]): Uint8Array {
  const module = buildModule({
    types: [GIVES_NUMBER],
    imports: [{ module: "up", name: "f", type: 0 }],
    functions: [{ type: 0, code, locals: 1 }],
    exports: [{ name: "run", kind: "func", index: 1 }],
  });
  const builder = new ComponentBuilder();
  const type = builder.func([], "u32");
  return builder
    .define(SECTION.import, new ByteWriter().u8(0).name("f").u8(1).u32(type))
    .module(module)
    .define(SECTION.canon, new ByteWriter().u8(1, 0, 0, 0))
    .define(SECTION.coreInstance, new ByteWriter().u8(1).u32(1).name("f").u8(0, 0))
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 0).u32(1).name("up").u8(0x12, 0))
    .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 1).name("run"))
    .define(SECTION.canon, new ByteWriter().u8(0, 0, 1, 0).u32(type))
    .define(SECTION.export, new ByteWriter().u8(0).name("run").u8(1, 1, 0))
    .finish();
}

function failingHost(): HostInterface<object> & { readonly calls: number } {
  let calls = 0;
  function call(): never {
    calls += 1;
    throw new Error("the program ends here");
  }
  return {
    name: "",
    version: undefined,
    functions: { f: { call } },
    resources: {},
    get calls() {
      return calls;
    },
  };
}

describe("a hostile module", () => {
  for (const [what, code] of [
    ["sets the meter", [0x41, 0, 0x24, 1, 0x41, 7]],
    ["reads whom the meter belongs to", [0x23, 2]],
    ["calls the meter's function", [0x10, 1, 0x41, 7]],
  ] as const) {
    it(`is refused when it ${what}, which is not its own`, () => {
      const error = refusal(moduleOf([{ type: 0, code }], { globals: [0] }));
      expect(error).to.be.instanceOf(ComponentError).with.property("code", "INVALID");
    });
  }

  it("is refused when it has a shared memory, on which it could wait", () => {
    const module = Buffer.from(moduleOf([{ type: 0, code: [0x41, 7] }], { memory: { min: 1 } }));
    const at = module.indexOf(Buffer.from([5, 3, 1, 0, 1]));
    const section = Buffer.from([5, 4, 1, 3, 1, 1]);
    const changed = Buffer.concat([module.subarray(0, at), section, module.subarray(at + 5)]);
    const error = refusal(changed);
    expect(error).to.be.instanceOf(ComponentError).with.property("code", "UNSUPPORTED");
    expect(String((error as Error).cause)).to.include("shared memories");
  });

  for (const [what, module] of [
    ["a table", { table: 10_000_000 }],
    ["tables of many instances", undefined],
  ] as const) {
    it(`is refused when it begins with ${what}, more than the process can bear`, () => {
      const builder = new ComponentBuilder().module(buildModule(module ?? { table: 1 }));
      const instances = module === undefined ? 101 : 1;
      for (let count = 0; count < instances; count += 1) {
        builder.define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 0));
      }
      expect(() => prepare(builder.finish())).to.throw(ComponentError, /begins with \d+ (tables|elements of tables)/);
    });
  }

  it("calls the host no more once it has been ended, though it catches that", async () => {
    const host = failingHost();
    const component = componentWithHost([...CALL_AND_CATCH, ...CALL_AND_CATCH, ...CALL_AND_CATCH, 0x41, 7]);
    await run(prepare(component, { meter: "with-meter" }), [host]);
    expect(host.calls).to.equal(1);
  });

  it("has to ask for time when it calls and catches again and again", async () => {
    const again = [0x20, 0, 0x41, 1, 0x6a, 0x22, 0, 0x41, 0xe8, 0x07, 0x48, 0x0d, 0]; // For a thousand turns.
    const component = componentWithHost([0x03, 0x40, ...CALL_AND_CATCH, ...again, 0x0b, 0x41, 7]);
    expect(await run(prepare(component, { meter: "with-meter" }), [failingHost()])).to.equal(4);
  });

  it("has to ask for time while it starts", async () => {
    const endless = { type: 1, code: [0x03, 0x40, 0x0c, 0, 0x0b] }; // loop, br 0
    const module = buildModule({
      types: [GIVES_NUMBER, { params: [], results: [] }],
      functions: [{ type: 0, code: [0x41, 7] }, endless],
      exports: [{ name: "run", kind: "func", index: 0 }],
      start: 1,
    });
    let asked = 0;
    const timeKeeper = {
      refuel: () => {
        asked += 1;
        return asked > 3 ? END_OF_TIME : 1000;
      },
    };
    const linked = link(prepare(componentOf(module), { meter: "with-meter" }), [], timeKeeper);
    expect(() => linked.instantiate({})).to.throw(WasmTrap, "unreachable");
    expect(asked).to.equal(4);
  });

  it("has to ask for time when its functions call each other twice, and again", async () => {
    const leaf = { type: 0, code: [0x23, 0, 0x41, 1, 0x6a, 0x24, 0, 0x23, 0] };
    const doublings = Array.from({ length: 30 }, (_, callee) => ({
      type: 0,
      code: [0x10, callee, 0x1a, 0x10, callee],
    }));
    const functions = [leaf, ...doublings];
    expect(await run(prepare(componentOf(moduleOf(functions, { globals: [0] })), { meter: "with-meter" }))).to.equal(4);
  });

  it("has to ask for time in the midst of long code without loops and calls", async () => {
    const code = [...Array.from({ length: 20_000 }, () => [0x23, 0, 0x24, 0]).flat(), 0x41, 7]; // global.get, global.set
    const prepared = prepare(componentOf(moduleOf([{ type: 0, code }], { globals: [0] })), { meter: "with-meter" });
    expect(await run(prepared, [], 1)).to.equal(4);
  });
});

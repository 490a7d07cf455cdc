import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { marshal } from "./dbus-marshal.ts";
import { parseSignature, type BasicCode, type DBusType } from "./dbus-type.ts";
import { unmarshal, type ByteOrder } from "./dbus-unmarshal.ts";
import { Variant, type DBusValue } from "./dbus-value.ts";
import { SystemdError } from "./systemd-error.ts";

// Bytes by hand from https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-marshaling
const FORMS: readonly (readonly [
  name: string,
  signature: string,
  values: readonly DBusValue[],
  little: string,
  big: string,
])[] = [
  ["a byte", "y", [255], "ff", "ff"],
  ["booleans", "bb", [true, false], "01000000 00000000", "00000001 00000000"],
  ["a 16-bit number after padding", "yn", [1, -2], "01 00 feff", "01 00 fffe"],
  ["an unsigned 16-bit number", "q", [0xfffe], "feff", "fffe"],
  ["a 32-bit number", "i", [-2], "feffffff", "fffffffe"],
  ["an unsigned 32-bit number", "u", [0xdeadbeef], "efbeadde", "deadbeef"],
  ["a 64-bit number", "x", [-2n], "feffffffffffffff", "fffffffffffffffe"],
  [
    "an unsigned 64-bit number",
    "yt",
    [7, 2n ** 63n],
    "07 00000000000000 0000000000000080",
    "07 00000000000000 8000000000000000",
  ],
  ["a double", "d", [1], "000000000000f03f", "3ff0000000000000"],
  ["a string", "s", ["foo"], "03000000 666f6f 00", "00000003 666f6f 00"],
  ["an object path", "o", ["/a"], "02000000 2f61 00", "00000002 2f61 00"],
  ["a signature", "g", ["a{sv}"], "05 617b73767d 00", "05 617b73767d 00"],
  ["bytes", "ay", [Uint8Array.of(1, 2)], "02000000 0102", "00000002 0102"],
  [
    "an array of 64-bit numbers, padded",
    "at",
    [[5n]],
    "08000000 00000000 0500000000000000",
    "00000008 00000000 0000000000000005",
  ],
  ["an empty array of them, padded all the same", "at", [[]], "00000000 00000000", "00000000 00000000"],
  ["a struct", "(ys)", [[1, "a"]], "01 000000 01000000 61 00", "01 000000 00000001 61 00"],
  ["a variant", "v", [new Variant("u", 1)], "01 75 00 00 01000000", "01 75 00 00 00000001"],
];

describe("marshal() and unmarshal()", () => {
  for (const [name, signature, values, little, big] of FORMS) {
    it(`write and read ${name}`, () => {
      expect(marshal(signature, values).toString("hex")).to.equal(plain(little));
      expect(unmarshal(signature, bytes(little), "little")).to.deep.equal(values);
    });
    it(`read ${name} of a big-endian peer`, () => {
      expect(unmarshal(signature, bytes(big), "big")).to.deep.equal(values);
    });
  }

  it("agree on every value of every type", () => {
    fc.assert(
      fc.property(fc.array(typed(), { maxLength: 4 }), (list) => {
        const signature = list.map((each) => each.signature).join("");
        const values = list.map((each) => each.value);
        expect(unmarshal(signature, marshal(signature, values), "little")).to.deep.equal(values);
      }),
    );
  });
});

describe("marshal()", () => {
  const table: readonly (readonly [name: string, signature: string, value: DBusValue])[] = [
    ["a byte of 256", "y", 256],
    ["a negative unsigned number", "u", -1],
    ["a fraction", "i", 0.5],
    ["NaN", "i", Number.NaN],
    ["a number of 64 bits that is no bigint", "t", 1],
    ["a bigint of 65 bits", "t", 2n ** 64n],
    ["a negative unsigned bigint", "t", -1n],
    ["a number for a string", "s", 1],
    ["a string with NUL", "s", "a\0b"],
    ["a lone surrogate", "s", "\ud800"],
    ["a relative object path", "o", "a"],
    ["an object path with a slash at its end", "o", "/a/"],
    ["a list for a string", "s", ["a"]],
    ["a string for a list", "as", "a"],
    ["bytes for a list of strings", "as", Uint8Array.of(1)],
    ["a bare value for a variant", "v", 1],
    ["a variant of two types", "v", new Variant("ss", "a")],
    ["a struct with a field too few", "(ss)", ["a"]],
    ["a number for a boolean", "b", 1],
    ["a string for a double", "d", "1"],
  ];
  for (const [name, signature, value] of table) {
    it(`refuses ${name}`, () => {
      expect(() => marshal(signature, [value]))
        .to.throw(SystemdError)
        .with.property("code", "INVALID_ARGUMENT");
    });
  }

  it("refuses more values than types", () => {
    expect(() => marshal("s", ["a", "b"])).to.throw(SystemdError, "1 values are expected, not 2");
  });

  it("writes more than its first buffer holds", () => {
    const values = ["x".repeat(5000), "y".repeat(70_000)];
    expect(unmarshal("ss", marshal("ss", values), "little")).to.deep.equal(values);
  });
});

describe("unmarshal()", () => {
  const table: readonly (readonly [name: string, signature: string, hex: string])[] = [
    ["nothing where a byte should be", "y", ""],
    ["a number cut in two", "u", "0102"],
    ["bytes left over", "y", "0102"],
    ["padding that is not zero", "yu", "01 000001 01000000"],
    ["a boolean of 2", "b", "02000000"],
    ["a string that is longer than the message", "s", "ffffffff 61"],
    ["a string without NUL", "s", "01000000 61 62"],
    ["a string with NUL within", "s", "03000000 610062 00"],
    ["a string that is no UTF-8", "s", "02000000 c328 00"],
    ["an overlong form of UTF-8", "s", "02000000 c080 00"],
    ["a relative object path", "o", "01000000 61 00"],
    ["a signature that is none", "g", "01 7a 00"],
    ["an array longer than 64 MiB", "ay", "01000004"],
    ["an array that ends within an item", "aq", "03000000 01000200"],
    ["a variant without a type", "v", "00 00"],
    ["a variant with two types", "v", "02 7979 00 0101"],
    ["variants within each other without end", "v", "017600".repeat(100)],
  ];
  for (const [name, signature, hex] of table) {
    it(`refuses ${name}`, () => {
      expect(() => unmarshal(signature, bytes(hex), "little"))
        .to.throw(SystemdError)
        .with.property("code", "PROTOCOL");
    });
  }

  it("ends with values or PROTOCOL on any bytes", () => {
    const signatures = fc.constantFrom("v", "a(sv)", "aas", "yyyyuua(yv)", "a{sv}", "(ybnqiuxtdsog)", "a(sasbttttuii)");
    const orders = fc.constantFrom<ByteOrder>("little", "big");
    fc.assert(
      fc.property(signatures, fc.uint8Array({ maxLength: 64 }), orders, (signature, data, order) => {
        expect(outcome(() => unmarshal(signature, Buffer.from(data), order))).to.be.oneOf(["values", "PROTOCOL"]);
      }),
    );
  });
});

function outcome(run: () => unknown): string {
  try {
    run();
    return "values";
  } catch (error) {
    return error instanceof SystemdError ? error.code : String(error);
  }
}

function bytes(hex: string): Buffer {
  return Buffer.from(plain(hex), "hex");
}

function plain(hex: string): string {
  return hex.replaceAll(" ", "");
}

interface Typed {
  readonly signature: string;
  readonly value: DBusValue;
}

/** Any type, at most three levels deep, with a value of it. */
function typed(): fc.Arbitrary<Typed> {
  const basic = fc.constantFrom(..."ybnqiuxtdsog".split(""));
  const signatures = fc.letrec<{ type: string }>((tie) => ({
    type: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      basic,
      fc.constant("v"),
      tie("type").map((item) => `a${item}`),
      fc.tuple(basic, tie("type")).map(([key, value]) => `a{${key}${value}}`),
      fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((fields) => `(${fields.join("")})`),
    ),
  }));
  return signatures.type.chain((signature) =>
    fc.record({
      signature: fc.constant(signature),
      value: fc.tuple(...parseSignature(signature).map(valueOf)).map(first),
    }),
  );
}

function first([value = ""]: readonly DBusValue[]): DBusValue {
  return value;
}

function valueOf(type: DBusType): fc.Arbitrary<DBusValue> {
  if (type.kind === "basic") return BASIC[type.code];
  if (type.kind === "variant") return BASIC.s.map((text) => new Variant("s", text));
  if (type.kind === "struct") return fc.tuple(...type.fields.map(valueOf));
  const isBytes = type.item.kind === "basic" && type.item.code === "y";
  return isBytes ? fc.uint8Array({ maxLength: 5 }) : fc.array(valueOf(type.item), { maxLength: 4 });
}

const BASIC: Readonly<Record<BasicCode, fc.Arbitrary<DBusValue>>> = {
  y: fc.integer({ min: 0, max: 255 }),
  b: fc.boolean(),
  n: fc.integer({ min: -0x8000, max: 0x7fff }),
  q: fc.integer({ min: 0, max: 0xffff }),
  i: fc.integer(),
  u: fc.integer({ min: 0, max: 0xffff_ffff }),
  x: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  t: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  d: fc.double(),
  s: fc.string({ unit: "binary" }).filter((text) => !text.includes("\0")),
  o: fc.constantFrom("/", "/a", "/org/freedesktop/systemd1"),
  g: fc.constantFrom("", "s", "a{sv}", "(st)"),
};

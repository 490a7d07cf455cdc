import { expect } from "chai";
import { describe, it } from "mocha";
import { many, message, type MessageOf, one, optional, stringMap } from "./codec.ts";
import { ProtoError } from "./proto-error.ts";
import { CreateTaskRequest } from "./task.ts";

const Inner = message("Inner", { text: one(1, "string"), number: one(2, "uint32"), list: many(3, "int64") });
const Everything = message("Everything", {
  bytes: one(2, "bytes"),
  bool: one(3, "bool"),
  int32: one(4, "int32"),
  uint32: one(5, "uint32"),
  int64: one(7, "int64"),
  uint64: one(8, "uint64"),
  double: one(9, "double"),
  inner: one(10, Inner),
  strings: many(15, "string"),
  uint64s: many(19, "uint64"),
  inners: many(2047, Inner),
  map: stringMap(2048),
  maybe: optional(9000, "string"),
  maybeNumber: optional(22, "int32"),
});
type Everything = MessageOf<typeof Everything>;

describe("MessageType", () => {
  it("leaves fields out that are absent, and gives them their zero", () => {
    expect(Everything.encode({})).to.have.length(0);
    expect(
      Everything.encode({ strings: [], inner: undefined, map: new Map(), uint64: 0n, bytes: Buffer.alloc(0) }),
    ).to.have.length(0);
    expect(CreateTaskRequest.decode(Buffer.alloc(0))).to.deep.equal({
      id: "",
      bundle: "",
      rootfs: [],
      terminal: false,
      stdin: "",
      stdout: "",
      stderr: "",
      checkpoint: "",
      parentCheckpoint: "",
      options: undefined,
    });
  });

  it("writes an optional field that is zero, and an empty message", () => {
    expect(Everything.decode(Everything.encode({ maybe: "", maybeNumber: 0 }))).to.include({
      maybe: "",
      maybeNumber: 0,
    });
    expect(hex(Everything.encode({ inner: {} }))).to.equal("5200");
  });

  it("merges a message that comes in two pieces, as protobuf has it", () => {
    const pieces = [
      Everything.encode({ inner: { text: "a", list: [1n] } }),
      Everything.encode({ inner: { number: 7, list: [2n] } }),
    ];
    expect(Everything.decode(Buffer.concat(pieces)).inner).to.deep.equal({ text: "a", number: 7, list: [1n, 2n] });
  });

  it("reads numbers whether packed or not, and mixed", () => {
    // 19: 1 and 2 packed, 3 alone.
    expect(Everything.decode(bytesOf("9a01 02 0102 9801 03")).uint64s).to.deep.equal([1n, 2n, 3n]);
  });

  const skipped = [
    ["varint", "a006 ffffffffffffffffff01"],
    ["8 bytes", "a106 0102030405060708"],
    ["length", "a206 03 010203"],
    ["4 bytes", "a506 01020304"],
    ["group", "a306 0801 1301 14 1a01ff a406".replace("1301 14", "13 0801 14")],
  ] as const;
  for (const [kind, input] of skipped) {
    it(`passes over an unknown field of kind ${kind}`, () => {
      expect(Inner.decode(bytesOf(`${input} 1005`))).to.deep.equal({ text: "", number: 5, list: [] });
    });
  }

  const malformed = [
    ["a length beyond the end", "0a05 61", `"Inner.text" at byte 2: 5 bytes should follow, but there are 1`],
    ["a length of 64 bits", "0a ffffffffffffffffff01", `"Inner.text" at byte 11: 18446744073709551615 bytes should`],
    ["a nested length beyond its message", "5203 0a0561 61616161", `"Inner.text" at byte 4: 5 bytes should follow`],
    ["an end within a tag", "80", `"Inner" at byte 1: 1 bytes should follow, but there are 0`],
    ["an end within a value", "1080", `"Inner.number" at byte 2: 1 bytes should follow`],
    ["a varint of 11 bytes", "10 ffffffffffffffffffff01", `"Inner.number" at byte 11: a varint has more than 64 bits`],
    ["a varint of 65 bits", "10 ffffffffffffffffff02", `"Inner.number" at byte 11: a varint has more than 64 bits`],
    ["field number 0", "0000", `"Inner" at byte 1: a field number must be`],
    ["a tag of 64 bits", "80808080800100", `"Inner" at byte 6: a field number must be`],
    ["another wire type than the field's", "0801", `"Inner.text" at byte 1: its wire type is 0, not 2`],
    ["wire type 6", "a606", `"Inner" at byte 2: wire type 6 does not exist`],
    ["a string that is not UTF-8", "0a02 c328", `"Inner.text" at byte 4: it is not UTF-8`],
    ["the end of a group that did not begin", "a406", `"Inner" at byte 2: group 100 ends, but it did not begin`],
    ["the end of another group", "a306 ac06", `"Inner" at byte 4: group 101 ends, but it did not begin`],
    ["a group without end", "a306 0801", `"Inner" at byte 4: 1 bytes should follow`],
    ["groups within groups without end", "a306".repeat(40), `"Inner" at byte 66: groups are nested too deep`],
  ] as const;
  for (const [what, input, text] of malformed) {
    it(`refuses ${what}`, () => {
      const type = input.startsWith("52") ? Everything : Inner;
      expect(() => type.decode(bytesOf(input))).to.throw(ProtoError, `Cannot decode ${text}`);
    });
  }

  it("refuses more than 4 MiB, and more elements than memory is to hold", () => {
    const large = catchError(() => Inner.decode(Buffer.alloc(4 * 1024 * 1024 + 1)));
    expect(large).to.include({ code: "TOO_LARGE" });
    const crowd = Buffer.alloc(3 * 300_000, bytesOf("faff00".replace("faff00", "fa7f00")));
    expect(catchError(() => Everything.decode(crowd))).to.include({
      code: "TOO_LARGE",
      message: `Cannot decode "Everything.inners" at byte 786434: it has more than 262144 elements`,
    });
  });

  const unfit = [
    [{ uint32: -1 }, `"Everything.uint32": it must be an unsigned 32-bit integer, not number -1`],
    [{ uint32: 2 ** 32 }, `"Everything.uint32": it must be an unsigned 32-bit integer`],
    [{ int32: 1.5 }, `"Everything.int32": it must be a 32-bit integer, not number 1.5`],
    [{ int32: Number.NaN }, `"Everything.int32": it must be a 32-bit integer, not number NaN`],
    [{ uint64: -1n }, `"Everything.uint64": it must be an unsigned 64-bit bigint`],
    [{ int64: 2n ** 63n }, `"Everything.int64": it must be a 64-bit bigint`],
    [{ inner: { text: 5 } }, `"Inner.text": it must be a string, not number 5`],
    [{ bytes: "text" }, `"Everything.bytes": it must be bytes, not string text`],
    [{ bool: 1 }, `"Everything.bool": it must be a boolean, not number 1`],
    [{ double: "1" }, `"Everything.double": it must be a number, not string 1`],
    [{ inner: [] }, `"Everything.inner": it must be a Inner`],
    [{ strings: "text" }, `"Everything.strings": it must be an array`],
    [{ map: {} }, `"Everything.map": it must be a Map`],
  ] as const;
  for (const [value, text] of unfit) {
    it(`does not encode ${Object.keys(value).join()} with ${text.slice(text.indexOf(": ") + 2)}`, () => {
      const error = catchError(() => Everything.encode(value as unknown as Everything));
      expect(error).to.be.instanceOf(ProtoError);
      expect(error).to.include({ code: "BAD_VALUE" });
      expect(String(error)).to.include(`Cannot encode ${text}`);
    });
  }
});

function catchError(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

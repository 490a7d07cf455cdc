import { expect } from "chai";
import { describe, it } from "mocha";
import { ByteReader } from "../binary/byte-reader.ts";
import { readInstruction } from "./instructions.ts";

/** Name and bytes of one instruction. */
const INSTRUCTIONS: readonly (readonly [name: string, ...bytes: number[]])[] = [
  ["nop", 0x01],
  ["block", 0x02, 0x40],
  ["br_table", 0x0e, 2, 0, 1, 0x80, 0x01],
  ["call_indirect", 0x11, 0x80, 0x01, 0],
  ["select with a type", 0x1c, 1, 0x63, 0x70],
  ["select with a number", 0x1c, 1, 0x7f],
  ["try_table", 0x1f, 0x40, 2, 0, 5, 1, 2, 0],
  ["i32.load", 0x28, 2, 0x80, 0x08],
  ["i32.load of another memory", 0x28, 0x42, 1, 0x80, 0x08],
  ["i64.const", 0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  ["f32.const", 0x43, 1, 2, 3, 4],
  ["f64.const", 0x44, 1, 2, 3, 4, 5, 6, 7, 8],
  ["i32.add", 0x6a],
  ["ref.null", 0xd0, 0x70],
  ["ref.is_null", 0xd1],
  ["struct.get", 0xfb, 2, 1, 1],
  ["array.len", 0xfb, 15],
  ["br_on_cast", 0xfb, 24, 3, 0, 0x6e, 0x6d],
  ["ref.i31", 0xfb, 28],
  ["i32.trunc_sat_f32_s", 0xfc, 0],
  ["memory.init", 0xfc, 8, 1, 0],
  ["memory.fill", 0xfc, 11, 0],
  ["table.copy", 0xfc, 14, 0, 1],
  ["v128.load", 0xfd, 0, 4, 16],
  ["v128.const", 0xfd, 12, ...Array.from({ length: 16 }, () => 9)],
  ["i8x16.extract_lane_s", 0xfd, 21, 3],
  ["v128.load8_lane", 0xfd, 84, 0, 0, 3],
  ["v128.load32_zero", 0xfd, 92, 2, 0],
  ["i8x16.relaxed_swizzle", 0xfd, 0x80, 0x02],
  ["atomic.fence", 0xfe, 3, 0],
  ["i32.atomic.load", 0xfe, 16, 2, 0],
];

describe("readInstruction()", () => {
  for (const [name, ...bytes] of INSTRUCTIONS) {
    it(`reads ${name} to its end`, () => {
      const reader = new ByteReader(Uint8Array.of(...bytes, 0x0b));
      expect(readInstruction(reader)).to.be.a("number");
      expect(reader.at).to.equal(bytes.length);
    });
  }

  it("says so if it does not know one", () => {
    for (const bytes of [[0x27], [0xfb, 31], [0xfc, 18], [0xff, 0]]) {
      expect(readInstruction(new ByteReader(Uint8Array.of(...bytes, 0x0b)))).to.equal(undefined);
    }
  });
});

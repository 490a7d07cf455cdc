import { Buffer } from "node:buffer";
import { expect } from "chai";
import { array, assert, nat, property, tuple } from "fast-check";
import { describe, it } from "mocha";
import {
  ELF_HEADER_BYTES,
  ElfError,
  checkArchitecture,
  isElf,
  knownArchitectures,
  parseElfHeader,
  parseSegments,
} from "./elf.ts";
import { type SampleElf, sampleElf } from "./testing/sample-elf.ts";

/** Looks at a whole file in memory; the error if there is one. */
function examine(file: Buffer, architecture: string): unknown {
  try {
    const header = parseElfHeader(file.subarray(0, ELF_HEADER_BYTES), file.length);
    checkArchitecture(header, architecture);
    const { offset, entries, entryBytes } = header.segments;
    return parseSegments(file.subarray(offset, offset + entries * entryBytes), header, file.length).length;
  } catch (error) {
    return error;
  }
}

describe("checkArchitecture()", () => {
  const programs: readonly (readonly [string, SampleElf])[] = [
    ["386", { machine: 3, wide: false }],
    ["amd64", { machine: 62 }],
    ["arm", { machine: 40, wide: false }],
    ["arm64", { machine: 183 }],
    ["ppc64le", { machine: 21 }],
    ["riscv64", { machine: 243 }],
    ["s390x", { machine: 22, littleEndian: false }],
  ];

  it("knows the architectures that the table has", () => {
    expect(knownArchitectures().toSorted()).to.deep.equal(programs.map(([name]) => name).toSorted());
  });

  for (const [name, sample] of programs) {
    it(`takes a program for ${name} on that node only, and names it on the others`, () => {
      const file = sampleElf(sample);
      expect(examine(file, name)).to.equal(1);
      for (const other of knownArchitectures().filter((one) => one !== name)) {
        const error = examine(file, other);
        expect(error).to.have.property("code", "WrongArchitecture");
        expect(error).to.have.property("message", `it is a program for ${name}, and the node is ${other}`);
      }
    });
  }

  it("tells a machine that it does not know by its number", () => {
    const error = examine(sampleElf({ machine: 258 }), "amd64");
    expect(error).to.have.property("message", "it is a program for machine 258, 64 bit, and the node is amd64");
  });

  it("refuses x32, 32 bit with the machine of amd64", () => {
    expect(examine(sampleElf({ wide: false }), "amd64")).to.have.property("code", "WrongArchitecture");
  });
});

describe("parseElfHeader() and parseSegments()", () => {
  const good = sampleElf({ interpreter: "/lib/ld.so" });
  const bad: readonly (readonly [string, Buffer, RegExp])[] = [
    ["nothing", Buffer.alloc(0), /not an ELF file/u],
    ["a script", Buffer.from("#!/bin/sh\nexit 0\n"), /not an ELF file/u],
    ["the magic alone", good.subarray(0, 4), /class or byte order/u],
    ["an unknown class", Buffer.from(good).fill(3, 4, 5), /class or byte order/u],
    ["an unknown byte order", Buffer.from(good).fill(0, 5, 6), /class or byte order/u],
    ["a part of the header", good.subarray(0, 63), /ends within its header/u],
    ["the header alone", good.subarray(0, 64), /program headers lie beyond/u],
    ["a part of the program headers", good.subarray(0, 100), /program headers lie beyond/u],
    ["a file cut by one byte", good.subarray(0, -1), /lies beyond its end/u],
    ["an object file", sampleElf({ type: 1 }), /it is an object file, not a program/u],
    ["a core dump", sampleElf({ type: 4 }), /it is a core dump, not a program/u],
    ["a file of unknown type", sampleElf({ type: 0xfe00 }), /of type 65024, not a program/u],
    ["a library", sampleElf({ type: 3, entry: 0 }), /no entry point/u],
    ["no program headers", Buffer.from(good).fill(0, 56, 58), /no program headers/u],
    ["program headers of a strange size", Buffer.from(good).fill(1, 54, 55), /strange size/u],
    ["program headers far beyond the end", Buffer.from(good).fill(0xff, 32, 40), /program headers lie beyond/u],
    ["nothing to load", Buffer.from(good).fill(6, 64, 65), /nothing to load/u],
    [
      "section headers beyond the end",
      Buffer.from(good).fill(64, 40, 41).fill(64, 58, 59).fill(9, 60, 61),
      /section headers/u,
    ],
  ];
  for (const [name, file, message] of bad) {
    it(`refuses ${name}`, () => {
      const error = examine(file, "amd64");
      expect(error).to.have.property("code", "NotExecutable");
      expect(error).to.have.property("message").that.matches(message);
    });
  }

  it("takes position-independent and fixed programs", () => {
    expect([2, 3].map((type) => examine(sampleElf({ type }), "amd64"))).to.deep.equal([1, 1]);
  });

  it("refuses program headers of which a part is missing", () => {
    const header = parseElfHeader(good.subarray(0, 64), good.length);
    expect(() => parseSegments(good.subarray(64, 100), header, good.length)).to.throw(ElfError, "ends within");
  });

  it("answers or throws an ElfError, whatever the headers are", () => {
    assert(
      property(array(tuple(nat(175), nat(255)), { maxLength: 12 }), nat(good.length), (changes, length) => {
        const file = Buffer.from(good);
        for (const [at, value] of changes) file[at] = value;
        const answer = examine(file.subarray(0, length), "amd64");
        expect(typeof answer === "number" || answer instanceof ElfError).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it("tells ELF files by their first bytes", () => {
    expect([good, Buffer.from("\u007fELG"), Buffer.from("\u007fEL")].map((bytes) => isElf(bytes))).to.deep.equal([
      true,
      false,
      false,
    ]);
  });
});

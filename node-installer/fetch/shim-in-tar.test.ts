import { Buffer } from "node:buffer";
import { expect } from "chai";
import { array, assert, integer, nat, property, tuple } from "fast-check";
import { describe, it } from "mocha";
import { Header } from "tar";
import { ArchiveError } from "./archive-error.ts";
import { ShimInTar } from "./shim-in-tar.ts";
import { sampleElf } from "./testing/sample-elf.ts";
import { type SampleEntry, endMark, sampleEntry, samplePax, sampleTar } from "./testing/sample-tar.ts";

const NAME = "containerd-shim-spin-v2";
const ELF = sampleElf({ payload: Buffer.alloc(3000, "payload") });
const SHIM: SampleEntry = { path: NAME, content: ELF };
const README: SampleEntry = { path: "README.md", content: "Read me\n".repeat(100) };
const LONG_FOLDER = "folder/".repeat(20);

interface Sifted {
  readonly bytes: Buffer;
  readonly path?: string;
  readonly error?: unknown;
}

function sift(archive: Buffer, pieceBytes: number = archive.length, maxBinaryBytes = 1_000_000): Sifted {
  const tar = new ShimInTar({ binaryName: NAME, maxBinaryBytes });
  const pieces: Buffer[] = [];
  try {
    for (let at = 0; at < archive.length; at += pieceBytes) {
      pieces.push(...tar.push(archive.subarray(at, at + pieceBytes)));
    }
    return { path: tar.end().path, bytes: Buffer.concat(pieces) };
  } catch (error) {
    return { error, bytes: Buffer.concat(pieces) };
  }
}

/** Changes the 12 bytes of the size in a header. */
function withSize(field: Buffer): (header: Buffer) => void {
  return function spoil(header) {
    field.copy(header, 124);
  };
}

describe("ShimInTar", () => {
  const good: readonly (readonly [string, readonly SampleEntry[], string])[] = [
    ["alone", [SHIM], NAME],
    ["with a dot before it", [{ ...SHIM, path: `./${NAME}` }], `./${NAME}`],
    [
      "in a folder",
      [
        { path: "bin/", type: "5" },
        { ...SHIM, path: `bin/${NAME}` },
      ],
      `bin/${NAME}`,
    ],
    [
      "in a folder of the oldest kind",
      [
        { path: "bin/", type: "\0" },
        { ...SHIM, path: `bin/${NAME}` },
      ],
      `bin/${NAME}`,
    ],
    ["of the oldest kind", [{ ...SHIM, type: "\0" }], NAME],
    ["before other files", [SHIM, README], NAME],
    ["after other files", [README, { path: "LICENSE", content: "Free" }, { path: "empty" }, SHIM], NAME],
    [
      "beside its own checksum and signature",
      [{ path: `${NAME}.sha256`, content: "0".repeat(64) }, SHIM, { path: `${NAME}.sig`, content: "sig" }],
      NAME,
    ],
    ["with a long path of ustar", [{ ...SHIM, prefix: "a/very/long/folder" }], `a/very/long/folder/${NAME}`],
    [
      "with a long path of pax",
      [samplePax({ path: `${LONG_FOLDER}${NAME}`, mtime: "1.5" }), { ...SHIM, path: "short" }],
      `${LONG_FOLDER}${NAME}`,
    ],
    [
      "with a long path of GNU",
      [
        { path: "././@LongLink", type: "L", content: `${LONG_FOLDER}${NAME}\0` },
        { ...SHIM, path: "short" },
      ],
      `${LONG_FOLDER}${NAME}`,
    ],
    ["behind a global comment, as git makes it", [samplePax({ comment: "0123abcd" }, "g"), SHIM], NAME],
    [
      "under another name of a shim",
      [README, { path: "containerd-shim-other-v1", content: ELF }],
      "containerd-shim-other-v1",
    ],
    ["that is a script, as the headers look fine", [{ path: NAME, content: "#!/bin/sh\n" }], NAME],
  ];
  for (const [name, entries, path] of good) {
    it(`takes the shim ${name}`, () => {
      for (const pieceBytes of [1, 2, 511, 512, 513, 1_000_000]) {
        const sifted = sift(sampleTar(...entries), pieceBytes);
        expect(sifted.error).to.equal(undefined);
        expect(sifted.path).to.equal(path);
        const shim = entries.find((entry) => entry.content === ELF) ?? entries[0];
        expect(sifted.bytes.equals(Buffer.from(shim?.content ?? ""))).to.equal(true);
      }
    });
  }

  const hostile: readonly (readonly [string, readonly SampleEntry[], RegExp])[] = [
    [
      "an absolute path",
      [{ ...SHIM, path: `/${NAME}` }],
      /entry "\/containerd-shim-spin-v2": it has an absolute path/u,
    ],
    ["a path out of the archive", [{ ...SHIM, path: `../${NAME}` }], /entry "\.\.\/containerd.*leads out/u],
    ["a path out of it in the middle", [{ ...SHIM, path: `a/../../${NAME}` }], /leads out/u],
    ["a harmless file with a path out of it", [SHIM, { ...README, path: "docs/../../README" }], /leads out/u],
    ["a folder out of it", [{ path: "../", type: "5" }, SHIM], /leads out/u],
    ["a backslash", [SHIM, { ...README, path: String.raw`..\README` }], /backslash/u],
    ["a symbolic link", [{ path: NAME, type: "2", link: "/bin/sh" }], /of type SymbolicLink/u],
    ["a symbolic link beside the shim", [SHIM, { path: "latest", type: "2", link: NAME }], /"latest": .*SymbolicLink/u],
    ["a hard link", [SHIM, { path: "other", type: "1", link: NAME }], /of type Link/u],
    ["a character device", [SHIM, { path: "null", type: "3" }], /CharacterDevice/u],
    ["a block device", [SHIM, { path: "sda", type: "4" }], /BlockDevice/u],
    ["a fifo", [SHIM, { path: "pipe", type: "6" }], /FIFO/u],
    ["a contiguous file", [{ ...SHIM, type: "7" }], /ContiguousFile/u],
    ["a sparse file of GNU", [{ ...SHIM, type: "S" }], /SparseFile/u],
    ["a volume header", [{ path: "volume", type: "V" }, SHIM], /TapeVolumeHeader/u],
    ["a type that nobody knows", [{ ...SHIM, type: "Q" }], /of type Unsupported/u],
    ["the shim twice", [SHIM, SHIM], /could be the shim as well/u],
    ["the shim in two folders", [SHIM, { ...SHIM, path: `other/${NAME}` }], /could be the shim as well/u],
    ["two shims", [SHIM, { path: "containerd-shim-other-v2", content: ELF }], /could be the shim as well/u],
    ["two shims, the wanted one later", [{ path: "containerd-shim-other-v2", content: ELF }, SHIM], /as well/u],
    ["another program", [SHIM, { path: "bin/ls", content: ELF }], /entry "bin\/ls": .*as well/u],
    ["pax that sets an absolute path", [samplePax({ path: `/${NAME}` }), SHIM], /absolute path/u],
    ["pax that sets a path out of it", [samplePax({ path: `../${NAME}` }), SHIM], /leads out/u],
    [
      "GNU that sets a path out of it",
      [{ path: "././@LongLink", type: "L", content: `../${NAME}\0` }, SHIM],
      /leads out/u,
    ],
    [
      "pax that makes a link a file",
      [samplePax({ type: "File" }), { path: NAME, type: "2", link: "/etc" }],
      /sets "type"/u,
    ],
    [
      "pax of a sparse file",
      [samplePax({ "GNU.sparse.major": "1", "GNU.sparse.name": NAME }), SHIM],
      /GNU\.sparse\.major/u,
    ],
    ["pax that sets a path for all", [samplePax({ path: NAME }, "g"), README], /global extended header sets its path/u],
    ["pax that sets a size for all", [samplePax({ size: "5" }, "g"), SHIM], /global extended header sets its size/u],
    [
      "an extended header that is too long",
      [samplePax({ comment: "a".repeat(70_000) }), SHIM],
      /it is longer than 65536 bytes/u,
    ],
    ["more than 1,000 files", Array.from({ length: 1001 }, () => ({ path: "empty" })), /more than 1000 headers/u],
    [
      "more than 1,000 extended headers",
      Array.from({ length: 1001 }, () => samplePax({ comment: "" })),
      /more than 1000 headers/u,
    ],
  ];
  for (const [name, entries, message] of hostile) {
    it(`refuses ${name}`, () => {
      for (const pieceBytes of [1, 512, 1_000_000]) {
        const { error } = sift(sampleTar(...entries), pieceBytes);
        expect(error).to.be.an.instanceOf(ArchiveError);
        expect(error).to.include({ code: "ArchiveRefused" });
        expect(error).to.have.property("message").that.matches(message);
      }
    });
  }

  it("refuses a record of pax whatever stands around the length", () => {
    for (const line of ["9 type=x\n", " 10 type=x\n", "+10 type=x\n", "9xtype=x\n"]) {
      const { error } = sift(sampleTar({ path: "PaxHeader", type: "x", content: line }, SHIM));
      expect(error, JSON.stringify(line)).to.have.property("code", "ArchiveRefused");
    }
  });

  it("refuses what comes behind the end mark, but not more zeros", () => {
    const archive = sampleTar(SHIM);
    for (const pieceBytes of [512, 1_000_000]) {
      expect(sift(Buffer.concat([archive, Buffer.alloc(9216)]), pieceBytes).error).to.equal(undefined);
      const { error } = sift(Buffer.concat([archive, sampleTar({ path: "more", content: "x" })]), pieceBytes);
      expect(error).to.have.property("code", "ArchiveRefused");
      expect(error)
        .to.have.property("message")
        .that.matches(/behind its end mark/u);
    }
  });

  it("refuses files that are larger than allowed before it reads them", () => {
    const cases: readonly (readonly [string, SampleEntry[]])[] = [
      ["the shim", [{ ...SHIM, size: 2_000_000 }]],
      ["another", [{ ...README, size: 2_000_000 }]],
      ["by base 256", [{ ...SHIM, spoil: withSize(Buffer.from("800000000000000000ffffff", "hex")) }]],
      ["by pax", [samplePax({ size: "1e300" }), SHIM]],
      ["by pax without end", [samplePax({ size: "Infinity" }), SHIM]],
    ];
    for (const [name, entries] of cases) {
      const { error, bytes } = sift(sampleTar(...entries));
      expect(error, name).to.have.property("code", "ArtifactTooLarge");
      expect(bytes.length).to.equal(0);
    }
  });

  it("says what there is when the shim is not there", () => {
    const cases: readonly (readonly [SampleEntry[], RegExp])[] = [
      [[], /wanted, and the archive holds no such file; it has no file at all$/u],
      [[{ path: NAME, type: "5" }], /holds no such file/u],
      [[README, { path: "bin/a" }], /holds no such file; it has "README.md", "bin\/a"$/u],
      [[{ path: "wasmtime", content: ELF }], /holds the program "wasmtime" instead; it has "wasmtime"$/u],
      [Array.from({ length: 13 }, () => ({ path: "x" })), /"x" and 3 more$/u],
    ];
    for (const [entries, message] of cases) {
      const { error } = sift(sampleTar(...entries));
      expect(error).to.have.property("code", "ShimNotInArchive");
      expect(error).to.have.property("message").that.matches(message);
    }
  });

  it("takes no archive that is cut off, wherever", () => {
    const archive = sampleTar(README, SHIM);
    for (let length = 0; length < archive.length; length += 37) {
      expect(sift(archive.subarray(0, length)).error, String(length)).to.have.property("code", "ArchiveCorrupt");
    }
    expect(sift(archive.subarray(0, -1)).error).to.have.property("code", "ArchiveCorrupt");
    expect(sift(Buffer.concat([sampleEntry(SHIM), endMark().subarray(512)])).error).to.have.property(
      "code",
      "ArchiveCorrupt",
    );
  });

  it("takes no archive with a damaged header", () => {
    for (const at of [0, 60, 124, 148, 156, 257, 400]) {
      const archive = sampleTar(SHIM);
      archive[at] = (archive[at] ?? 0) ^ 1;
      expect(sift(archive).error, String(at)).to.be.an.instanceOf(ArchiveError);
    }
  });

  it("shows names with control characters escaped and cut", () => {
    const { error } = sift(sampleTar(samplePax({ path: `/\u001b[31m${"a".repeat(500)}` }), SHIM));
    expect(error)
      .to.have.property("message")
      .that.matches(/"\/\\x1b\[31ma{100,120}…"/u);
  });

  it("reads headers that node-tar makes", () => {
    const header = new Header({ path: NAME, size: ELF.length, type: "File", mode: 0o755 });
    header.encode();
    const archive = Buffer.concat([header.block ?? Buffer.alloc(0), ELF, Buffer.alloc(-ELF.length & 511), endMark()]);
    expect(sift(archive).bytes.equals(ELF)).to.equal(true);
  });

  it("gives the shim whole or throws an ArchiveError, whatever is changed", () => {
    const archive = sampleTar(samplePax({ path: NAME }), README, SHIM);
    const change = tuple(nat(archive.length - 1), nat(255));
    assert(
      property(array(change, { minLength: 1, maxLength: 5 }), integer({ min: 1, max: 4096 }), (changes, pieceBytes) => {
        const changed = Buffer.from(archive);
        for (const [at, value] of changes) changed[at] = value;
        const { error, bytes } = sift(changed, pieceBytes);
        if (error === undefined) expect(bytes.length).to.be.greaterThan(0);
        else expect(error).to.be.an.instanceOf(ArchiveError);
      }),
      { numRuns: 300 },
    );
  });
});

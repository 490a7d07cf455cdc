import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from "node:zlib";
import { expect } from "chai";
import { array, assert, asyncProperty, constantFrom, nat, tuple } from "fast-check";
import { describe, it } from "mocha";
import { create } from "tar";
import { ArchiveError } from "./archive-error.ts";
import { type Unpacked, unpackShim } from "./archive.ts";
import { sampleElf } from "./testing/sample-elf.ts";
import { sampleEntry, sampleTar } from "./testing/sample-tar.ts";

const NAME = "containerd-shim-spin-v2";
const ELF = sampleElf({ payload: randomBytes(200_000) });
const TAR = sampleTar({ path: "README.md", content: "Read me" }, { path: `bin/${NAME}`, content: ELF });
const MIB = 1024 * 1024;

interface Outcome {
  readonly unpacked?: Unpacked;
  readonly content?: Buffer;
  readonly mode?: number;
  readonly error?: unknown;
  /** Everything in the folder, the archive aside. */
  readonly files: readonly string[];
}

async function unpack(archive: Uint8Array, maxBinaryBytes = 10 * MIB): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "archive-"));
  const [source, file] = [join(folder, "archive"), join(folder, "shim")];
  try {
    await writeFile(source, archive);
    const wanted = { binaryName: NAME, maxBinaryBytes };
    const unpacked = await unpackShim(source, file, wanted, AbortSignal.timeout(20_000));
    const { mode } = await stat(file);
    return { unpacked, content: await readFile(file), mode, files: await filesIn(folder) };
  } catch (error) {
    return { error, files: await filesIn(folder) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name !== "archive");
}

/** By a stream that does not know the size, so that the frame has the window that is asked for. */
async function zstdWithWindow(content: Buffer, log: number): Promise<Buffer> {
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: log } });
  for (let at = 0; at < content.length; at += 65_536) stream.write(content.subarray(at, at + 65_536));
  stream.end();
  return Buffer.concat((await stream.toArray()) as Buffer[]);
}

/** A tar archive whose one file is as large as it says, all zeros. */
function zeros(bytes: number, name = NAME): Buffer {
  return sampleTar({ path: name, content: Buffer.alloc(bytes) });
}

describe("unpackShim()", () => {
  const forms: readonly (readonly [string, Uint8Array, string | undefined])[] = [
    ["tar", TAR, `bin/${NAME}`],
    ["gzip of tar", gzipSync(TAR), `bin/${NAME}`],
    [
      "gzip of tar in two members",
      Buffer.concat([gzipSync(TAR.subarray(0, 700)), gzipSync(TAR.subarray(700))]),
      `bin/${NAME}`,
    ],
    ["zstd of tar", zstdCompressSync(TAR), `bin/${NAME}`],
    [
      "zstd of tar in two frames",
      Buffer.concat([zstdCompressSync(TAR.subarray(0, 700)), zstdCompressSync(TAR.subarray(700))]),
      `bin/${NAME}`,
    ],
    ["a program", ELF, undefined],
    ["gzip of a program", gzipSync(ELF), undefined],
    ["zstd of a program", zstdCompressSync(ELF), undefined],
  ];
  for (const [name, archive, entry] of forms) {
    it(`takes the shim out of ${name}`, async () => {
      const { unpacked, content, mode, files, error } = await unpack(archive);
      expect(error).to.equal(undefined);
      const digest = createHash("sha256").update(ELF).digest("hex");
      expect(unpacked).to.deep.equal({ digest, bytes: ELF.length, ...(entry === undefined ? {} : { entry }) });
      expect(content?.equals(ELF)).to.equal(true);
      expect((mode ?? 0) & 0o100).to.equal(0o100);
      expect(files).to.deep.equal(["shim"]);
    });
  }

  it("takes the shim out of what node-tar packs", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pack-"));
    try {
      await writeFile(join(folder, NAME), ELF, { mode: 0o755 });
      await writeFile(join(folder, "LICENSE"), "Free");
      const packed = create({ cwd: folder, gzip: true }, ["."]) as AsyncIterable<Buffer>;
      const { content } = await unpack(Buffer.concat(await Array.fromAsync(packed)));
      expect(content?.equals(ELF)).to.equal(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  const others: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["nothing", Buffer.alloc(0), /^it is empty: expected is an ELF program/u],
    ["gzip of nothing", gzipSync(Buffer.alloc(0)), /^it is empty/u],
    [
      "a page",
      Buffer.from("<!DOCTYPE html>\n<html>"),
      /^it is an HTML page, it starts with "<!DOCTYPE html>\\x0a<html>": expected/u,
    ],
    ["gzip of a page", gzipSync("<html>".repeat(200)), /^it is an HTML page, it starts with "<html>/u],
    ["gzip of gzip", gzipSync(gzipSync(TAR)), /^it is gzip within compression, /u],
    ["gzip of zstd", gzipSync(zstdCompressSync(TAR)), /^it is zstd within compression, /u],
    ["a zip archive", Buffer.from("PK\u0003\u0004and so on"), /^it is a zip archive/u],
    ["a script", Buffer.from("#!/bin/sh\n"), /^it is a script/u],
    ["unknown bytes", Buffer.alloc(2000, "\u0001\u0002"), /^it starts with "\\x01\\x02/u],
  ];
  for (const [name, archive, message] of others) {
    it(`refuses ${name} and quotes how it begins`, async () => {
      const { error } = await unpack(archive);
      expect(error).to.have.property("code", "ArtifactNotAnArchive");
      expect(error).to.have.property("message").that.matches(message);
    });
  }

  const whole: readonly (readonly [string, Buffer])[] = [
    ["tar", TAR],
    ["gzip", gzipSync(TAR)],
    ["zstd", zstdCompressSync(TAR)],
  ];
  for (const [name, archive] of whole) {
    it(`takes no ${name} that is cut off`, async () => {
      for (const length of [600, 100_000, archive.length - 9, archive.length - 1]) {
        const { error } = await unpack(archive.subarray(0, length));
        expect(error, String(length)).to.have.property("code", "ArchiveCorrupt");
      }
    });
  }

  it("takes no gzip whose checksum is wrong", async () => {
    const archive = gzipSync(TAR);
    archive[archive.length - 6] = (archive[archive.length - 6] ?? 0) ^ 1;
    const { error } = await unpack(archive);
    expect(error).to.have.property("code", "ArchiveCorrupt");
    expect(error)
      .to.have.property("message")
      .that.matches(/^its gzip data is damaged or cut off: incorrect data check$/u);
  });

  const bombs: readonly (readonly [string, () => Uint8Array, string, RegExp])[] = [
    ["gzip that expands to a thousandfold", () => gzipSync(zeros(80 * MIB)), "ArchiveRefused", /a bomb: .* 100 times/u],
    ["zstd that expands to more", () => zstdCompressSync(zeros(80 * MIB)), "ArchiveRefused", /a bomb/u],
    ["a large file that nobody wants", () => gzipSync(zeros(80 * MIB, "big")), "ArchiveRefused", /a bomb/u],
    ["a program that grows", () => gzipSync(Buffer.concat([ELF, Buffer.alloc(80 * MIB)])), "ArchiveRefused", /a bomb/u],
    ["zeros behind the end", () => gzipSync(Buffer.concat([TAR, Buffer.alloc(80 * MIB)])), "ArchiveRefused", /a bomb/u],
  ];
  for (const [name, bomb, code, message] of bombs) {
    it(`stops at ${name}`, async () => {
      const { error } = await unpack(bomb(), 1024 * MIB);
      expect(error).to.have.property("code", code);
      expect(error).to.have.property("message").that.matches(message);
    });
  }

  it("stops at more bytes than are allowed", async () => {
    const many = Array.from({ length: 20 }, () => sampleEntry({ path: "more", content: randomBytes(MIB) }));
    const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
      ["in the program", ELF, /^the program has more than the 100000 bytes/u],
      ["in the shim", TAR, /^its entry "bin\/.*" has 200120 bytes, and 100000 are allowed/u],
      ["in all files", Buffer.concat([...many, TAR]), /^its entry "more" has 1048576 bytes/u],
    ];
    for (const [name, archive, message] of cases) {
      const { error } = await unpack(archive, 100_000);
      expect(error, name).to.have.property("code", "ArtifactTooLarge");
      expect(error).to.have.property("message").that.matches(message);
    }
    const { error } = await unpack(Buffer.concat([...many, TAR]), MIB);
    expect(error).to.have.property("message", "it expands to more than the 1048576 bytes that are allowed");
  });

  it("says how to pack what zstd cannot decompress in little memory", async () => {
    const { error } = await unpack(await zstdWithWindow(TAR, 26));
    expect(error).to.have.property("code", "ArchiveRefused");
    expect(error)
      .to.have.property("message")
      .that.matches(/more than 32 MiB of memory .* without --ultra or --long$/u);
    const { unpacked } = await unpack(await zstdWithWindow(TAR, 25));
    expect(unpacked?.bytes).to.equal(ELF.length);
  });

  it("gives the shim or an ArchiveError and writes nothing else, whatever is changed", async () => {
    const small = sampleElf();
    const tar = sampleTar({ path: "README.md", content: "Read me" }, { path: NAME, content: small });
    const archives = [tar, gzipSync(tar), zstdCompressSync(tar)] as const;
    const changes = array(tuple(nat(tar.length), nat(255)), { maxLength: 4 });
    await assert(
      asyncProperty(constantFrom(...archives), changes, nat(tar.length), async (form, change, length) => {
        const changed = Buffer.from(form.subarray(0, length % 2 === 0 ? form.length : length));
        for (const [at, value] of change) changed[at % form.length] = value;
        const { error, files } = await unpack(changed);
        expect(error === undefined || error instanceof ArchiveError).to.equal(true);
        expect(files.filter((name) => name !== "shim")).to.deep.equal([]);
      }),
      { numRuns: 200 },
    );
  }).timeout(20_000);
});

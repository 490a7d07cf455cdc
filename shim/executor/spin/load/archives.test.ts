import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Header } from "tar";
import { unpackArchives } from "./archives.ts";

const BLOCK = 512;

describe("unpackArchives()", () => {
  let folder: string;
  let source: string;
  let target: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "archives-"));
    source = join(folder, "archives");
    target = join(folder, "unpacked");
    mkdirSync(source);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("finds files by their digest, whatever the archives call them", async () => {
    writeFileSync(
      join(source, "one"),
      gzipSync(
        tar([
          ["a/b.txt", "first"],
          ["../../../escape", "second"],
        ]),
      ),
    );
    writeFileSync(join(source, "two"), gzipSync(tar([["a/b.txt", "x".repeat(100_000)]])));
    const files = await unpackArchives(source, target);
    for (const text of ["first", "second", "x".repeat(100_000)]) {
      expect(readFileSync(files.get(digestOf(text)) ?? "", "utf8")).to.equal(text);
    }
    expect([...files.values()].every((path) => path.startsWith(`${target}/`))).to.equal(true);
  });

  it("leaves links and devices alone", async () => {
    const link = entry({ path: "link", type: "SymbolicLink", linkpath: "/etc/passwd", size: 0 });
    const device = entry({ path: "device", type: "CharacterDevice", size: 0 });
    writeFileSync(join(source, "one"), gzipSync(Buffer.concat([link, device, tar([["file", "kept"]])])));
    expect([...(await unpackArchives(source, target)).keys()]).to.deep.equal([digestOf("kept")]);
  });

  it("refuses what is no archive, and one that was cut off", async () => {
    writeFileSync(join(source, "bad"), gzipSync(Buffer.alloc(BLOCK, "x")));
    const error = await unpackArchives(source, target).catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "INVALID");
    const whole = gzipSync(tar([["file", "x".repeat(100_000)]]));
    writeFileSync(join(source, "bad"), whole.subarray(0, whole.length - 20));
    const cut = await unpackArchives(source, target).catch((reason: unknown) => reason);
    expect(cut).to.have.property("code", "INVALID");
  });

  it("refuses an archive that says it has more than may be", async () => {
    writeFileSync(join(source, "bomb"), gzipSync(entry({ path: "large", type: "File", size: 2 ** 31 })));
    const error = await unpackArchives(source, target).catch((reason: unknown) => reason);
    expect(error)
      .to.have.property("message")
      .that.matches(/more than 1073741824 bytes/);
  });
});

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

function tar(files: readonly (readonly [path: string, text: string])[]): Buffer {
  const parts = files.flatMap(([path, text]) => {
    const body = Buffer.from(text);
    const padding = Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK);
    return [entry({ path, type: "File", size: body.length }), body, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

interface Entry {
  readonly path: string;
  readonly type: "File" | "SymbolicLink" | "CharacterDevice";
  readonly size: number;
  readonly linkpath?: string;
}

function entry(fields: Entry): Buffer {
  const header = new Header({ mode: 0o644, mtime: new Date(0), ...fields });
  const block = Buffer.alloc(BLOCK);
  header.encode(block);
  return block;
}

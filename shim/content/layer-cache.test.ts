import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { layerFile, type Descriptor, type LayerCache } from "./layer-cache.ts";

describe("layerFile()", () => {
  let cache: LayerCache;
  beforeEach(() => {
    cache = { folder: join(mkdtempSync(join(tmpdir(), "layers-")), "cache"), maxBytes: 10 };
  });
  afterEach(() => {
    rmSync(join(cache.folder, ".."), { recursive: true });
  });

  it("fetches a blob once, for everybody to read and nobody to write", async () => {
    const path = await layerFile(cache, describeBlob("component"), () => chunksOf("comp", "onent"));
    expect(readFileSync(path, "utf8")).to.equal("component");
    expect(statSync(path).mode & 0o777).to.equal(0o444);
    expect(statSync(cache.folder).mode & 0o777).to.equal(0o700);
    expect(await layerFile(cache, describeBlob("component"), () => chunksOf("other"))).to.equal(path);
    expect(readFileSync(path, "utf8")).to.equal("component");
  });

  it("may be asked for one blob many times at once", async () => {
    const asked = Array.from({ length: 20 }, async () => layerFile(cache, describeBlob("x"), () => chunksOf("x")));
    expect(new Set(await Promise.all(asked)).size).to.equal(1);
    expect(readdirSync(cache.folder)).to.have.length(1);
  });

  for (const [title, chunks] of [
    ["other bytes", ["componenT"]],
    ["fewer bytes", ["comp"]],
    ["more bytes", ["component", "s", "never read"]],
  ] as const) {
    it(`refuses ${title}, and keeps nothing of them`, async () => {
      const failure = await layerFile(cache, describeBlob("component"), () => chunksOf(...chunks)).catch(String);
      expect(failure).to.include("what containerd has of it is something else");
      expect(readdirSync(cache.folder)).to.deep.equal([]);
    });
  }

  it("fetches anew what is not whole", async () => {
    const path = await layerFile(cache, describeBlob("component"), () => chunksOf("component"));
    rmSync(path);
    writeFileSync(path, "comp");
    await layerFile(cache, describeBlob("component"), () => chunksOf("component"));
    expect(readFileSync(path, "utf8")).to.equal("component");
  });

  it("deletes what was longest unused, and remains of what was cut off, but nothing that was just used", async () => {
    const [old, recent] = [
      await layerFile(cache, describeBlob("12345678"), () => chunksOf("12345678")),
      await layerFile(cache, describeBlob("abcdefgh"), () => chunksOf("abcdefgh")),
    ];
    const part = join(cache.folder, "x.part");
    writeFileSync(part, "");
    utimesSync(old, 1, 1);
    utimesSync(part, 2, 2);
    const last = await layerFile(cache, describeBlob("ABCDEFGH"), () => chunksOf("ABCDEFGH"));
    const left = readdirSync(cache.folder).map((name) => join(cache.folder, name));
    expect(left).to.have.members([recent, last]);
  });
});

function describeBlob(text: string): Descriptor {
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  return { mediaType: "application/wasm", digest, size: text.length };
}

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

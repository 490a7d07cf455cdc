import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { array, assert, asyncProperty, boolean, nat, tuple } from "fast-check";
import { describe, it } from "mocha";
import { FetchError } from "./fetch-error.ts";
import { fetchShim } from "./fetch.ts";
import type { FetchRequest } from "./request.ts";
import { serve } from "./testing/loopback.ts";
import { sampleElf } from "./testing/sample-elf.ts";
import { sampleTar } from "./testing/sample-tar.ts";
import { BINARY_NAME, tryFetch } from "./testing/try-fetch.ts";

const ELF = sampleElf({ interpreter: "/lib64/ld-linux-x86-64.so.2" });
const ARCHIVE = gzipSync(sampleTar({ path: "LICENSE", content: "Free" }, { path: BINARY_NAME, content: ELF }));

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A location that always serves the content. */
async function serving(content: Uint8Array): ReturnType<typeof serve> {
  return serve((_request, response) => {
    response.end(content);
  });
}

describe("fetchShim()", () => {
  it("puts the one executable into the destination and says what it is", async () => {
    await using server = await serving(ARCHIVE);
    const { result, files, content, mode } = await tryFetch({ location: `${server.url}/a`, sha256: sha256(ARCHIVE) });
    const { path, durationMs, ...rest } = result ?? { path: "", durationMs: -1 };
    expect(rest).to.deep.equal({
      digest: sha256(ELF),
      archiveDigest: sha256(ARCHIVE),
      verified: true,
      bytes: ELF.length,
      downloadedBytes: ARCHIVE.length,
      attempts: 1,
      entry: BINARY_NAME,
      interpreter: "/lib64/ld-linux-x86-64.so.2",
    });
    expect(path.endsWith(`/${BINARY_NAME}`)).to.equal(true);
    expect(durationMs).to.be.at.least(0);
    expect(files).to.deep.equal([BINARY_NAME]);
    expect(content?.equals(ELF)).to.equal(true);
    expect((mode ?? 0) & 0o7777).to.equal(0o755);
  });

  it("takes a digest in upper case", async () => {
    await using server = await serving(ARCHIVE);
    const { result } = await tryFetch({ location: server.url, sha256: sha256(ARCHIVE).toUpperCase() });
    expect(result?.verified).to.equal(true);
  });

  it("says that nothing was compared when there is no digest", async () => {
    await using server = await serving(ELF);
    const { result } = await tryFetch({ location: server.url });
    expect(result).to.include({ verified: false, archiveDigest: sha256(ELF), digest: sha256(ELF) });
    expect(result).to.not.have.property("entry");
  });

  it("gives the executable the name that is asked for", async () => {
    await using server = await serving(ARCHIVE);
    const { files } = await tryFetch({ location: server.url, fileName: "shim" });
    expect(files).to.deep.equal(["shim"]);
  });

  it("refuses a wrong digest, once, before it looks at the content", async () => {
    await using server = await serving(Buffer.from("<html>no archive at all"));
    const { code, message, files } = await tryFetch({ location: server.url, sha256: "0".repeat(64) });
    expect(code).to.equal("DigestMismatch");
    expect(message).to.match(/its sha256 is [0-9a-f]{64}, and the Shim says 0{64}: correct the Shim/u);
    expect(server.asked).to.have.lengthOf(1);
    expect(files).to.deep.equal([]);
  });

  const refused: readonly (readonly [string, Uint8Array, string, RegExp])[] = [
    ["a page with status 200", Buffer.from("<!doctype html>"), "ArtifactNotAnArchive", /an HTML page/u],
    ["an archive that is cut off", ARCHIVE.subarray(0, -20), "ArchiveCorrupt", /gzip data is damaged or cut off/u],
    ["a hostile archive", sampleTar({ path: "../a", content: ELF }), "ArchiveRefused", /"\.\.\/a".*leads out/u],
    ["an archive without the shim", sampleTar({ path: "a", content: "b" }), "ShimNotInArchive", /it has "a"/u],
    [
      "a script called as the shim",
      sampleTar({ path: BINARY_NAME, content: "#!/bin/sh" }),
      "NotExecutable",
      /starts with "#!\/bin\/sh", and an ELF/u,
    ],
    ["an empty shim", sampleTar({ path: BINARY_NAME }), "NotExecutable", /starts with nothing/u],
    ["a shim that is cut off", ELF.subarray(0, -1), "NotExecutable", /lies beyond its end/u],
    [
      "a loader that is no path",
      sampleElf({ interpreter: "ld.so" }),
      "NotExecutable",
      /loader "ld.so" is no absolute path/u,
    ],
    [
      "another architecture",
      sampleElf({ machine: 183 }),
      "WrongArchitecture",
      /for arm64, and the node is amd64: name the artifact/u,
    ],
  ];
  for (const [name, content, code, message] of refused) {
    it(`refuses ${name} and leaves nothing behind`, async () => {
      await using server = await serving(content);
      const tried = await tryFetch({ location: `${server.url}/a?token=SECRET` });
      expect(tried.error).to.be.an.instanceOf(FetchError);
      expect(tried.code).to.equal(code);
      expect(tried.message).to.match(message);
      expect(tried.message).to.match(/^Cannot fetch "http:\/\/127\.0\.0\.1:[0-9]+\/a": [^.].*[^.]$/u);
      expect(tried.files).to.deep.equal([]);
    });
  }

  it("keeps the executable of before when it fails, and replaces it when not", async () => {
    const destination = await mkdtemp(join(tmpdir(), "fetch-"));
    const request = { binaryName: BINARY_NAME, architecture: "amd64", destination, allowFile: true };
    const file = join(destination, BINARY_NAME);
    const source = join(destination, "source");
    const location = pathToFileURL(source).href;
    const signal = AbortSignal.timeout(20_000);
    try {
      await writeFile(file, "old");
      await writeFile(source, "no archive");
      const error = await fetchShim({ ...request, location }, signal).catch((reason: unknown) => reason);
      expect(error).to.have.property("code", "ArtifactNotAnArchive");
      expect(await readFile(file, "utf8")).to.equal("old");
      await writeFile(source, ARCHIVE);
      await fetchShim({ ...request, location }, signal);
      expect((await readFile(file)).equals(ELF)).to.equal(true);
      expect((await readdir(destination)).toSorted()).to.deep.equal([BINARY_NAME, "source"].toSorted());
    } finally {
      await rm(destination, { recursive: true });
    }
  });

  it("says what the file system answers", async () => {
    await using server = await serving(ARCHIVE);
    const missing = await tryFetch({ location: server.url, destination: "/does/not/exist" });
    expect(missing.code).to.equal("InternalError");
    expect(missing.message).to.match(/writing to "\/does\/not\/exist" fails \(ENOENT\)$/u);
  });

  it("says so when a folder is in the way", async () => {
    const destination = await mkdtemp(join(tmpdir(), "fetch-"));
    await using server = await serving(ARCHIVE);
    await mkdir(join(destination, BINARY_NAME));
    const { code, message } = await tryFetch({ location: server.url, destination });
    await rm(destination, { recursive: true });
    expect([code, message.includes("EISDIR")]).to.deep.equal(["InternalError", true]);
  });

  const files: readonly (readonly [string, Partial<FetchRequest>, string])[] = [
    ["is not allowed", {}, "RequestInvalid"],
    ["is not there", { allowFile: true }, "ArtifactNotFound"],
    ["gives more than it says", { allowFile: true, location: "file:///proc/version" }, "ArtifactUnavailable"],
    ["is a folder", { allowFile: true, location: "file:///proc" }, "ArtifactNotFound"],
    [
      "is too large",
      { allowFile: true, location: "file:///proc/self/exe", limits: { maxArchiveBytes: 1000 } },
      "ArtifactTooLarge",
    ],
  ];
  for (const [name, request, expected] of files) {
    it(`refuses a file that ${name}`, async () => {
      const { code } = await tryFetch({ location: "file:///does/not/exist", ...request });
      expect(code).to.equal(expected);
    });
  }

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    await using server = await serve((_request, response) => {
      response.write("a");
      controller.abort();
    });
    const { code, files: left } = await tryFetch({ location: server.url }, controller.signal);
    expect([code, left]).to.deep.equal(["Interrupted", []]);
    const { code: again } = await tryFetch({ location: server.url }, controller.signal);
    expect([again, server.asked.length]).to.deep.equal(["Interrupted", 1]);
  });

  it("stops between attempts when it is told to", async () => {
    const controller = new AbortController();
    await using server = await serve((_request, response) => {
      response.writeHead(503, { "retry-after": "10" }).end(() => {
        controller.abort();
      });
    });
    const { code } = await tryFetch({ location: server.url }, controller.signal);
    expect([code, server.asked.length]).to.deep.equal(["Interrupted", 1]);
  });

  it("gives the right file or a FetchError and writes nothing else, whatever is served", async () => {
    let body: Uint8Array = ARCHIVE;
    await using server = await serve((_request, response) => {
      response.end(body);
    });
    const changes = array(tuple(nat(ARCHIVE.length - 1), nat(255)), { maxLength: 3 });
    await assert(
      asyncProperty(changes, nat(ARCHIVE.length), boolean(), async (change, length, cut) => {
        const changed = Buffer.from(ARCHIVE.subarray(0, cut ? length : ARCHIVE.length));
        for (const [at, value] of change) if (at < changed.length) changed[at] = value;
        body = changed;
        const { error, content, files: left } = await tryFetch({ location: server.url });
        expect(left).to.deep.equal(error === undefined ? [BINARY_NAME] : []);
        if (error === undefined) expect(content?.equals(ELF)).to.equal(true);
        else expect(error).to.be.an.instanceOf(FetchError);
      }),
      { numRuns: 150 },
    );
  }).timeout(20_000);
});

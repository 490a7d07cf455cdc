import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { EMPTY_RECORD, parseRecord, readRecord, recordPath, writeRecord } from "./record.ts";
import type { HostRecord } from "./record.ts";

const RECORD: HostRecord = {
  schema: 1,
  foldersMade: ["/etc/containerd/conf.d"],
  shims: {
    "spin-v2": {
      uid: "u",
      handler: "spin",
      hash: "h",
      digest: "d".repeat(64),
      source: "s",
      options: {},
      level: "Proven",
      installedAt: "2026-01-01T00:00:00Z",
    },
  },
};

describe("the host's record", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "rcm-record-"));
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  it("is read as it was written", async () => {
    await writeRecord(root, RECORD);
    expect(await readRecord(root)).to.deep.equal(RECORD);
  });

  it("is kept in upstream's form beside it", async () => {
    await writeRecord(root, RECORD);
    const path = join(root, "bin/containerd-shim-spin-v2");
    expect(JSON.parse(await readFile(join(root, "rcm-lock.json"), "utf8"))).to.deep.equal({
      shims: { "spin-v2": { sha256: "d".repeat(64), path } },
    });
  });

  it("is gone with the last shim", async () => {
    await writeRecord(root, RECORD);
    await writeRecord(root, EMPTY_RECORD);
    expect(await readdir(root)).to.deep.equal([]);
    expect(await readRecord(root)).to.deep.equal(EMPTY_RECORD);
  });

  for (const text of ["", "{", "null", '{"schema":1}', '{"schema":1,"shims":{"a":{"handler":1}}}']) {
    it(`is read as empty when it is ${JSON.stringify(text)}, and kept aside when another is written`, async () => {
      await writeFile(recordPath(root), text);
      expect(await readRecord(root)).to.deep.equal(EMPTY_RECORD);
      expect(await readdir(root)).to.deep.equal(["record.json"]);
      await writeRecord(root, RECORD);
      expect(await readRecord(root)).to.deep.equal(RECORD);
      expect(await readFile(`${recordPath(root)}.corrupt`, "utf8")).to.equal(text);
    });
  }

  it("of a newer installer is left alone", async () => {
    await writeFile(recordPath(root), '{"schema":2}');
    expect(() => parseRecord('{"schema":2}')).to.throw("newer installer");
    const error: unknown = await readRecord(root).catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "ConfigUnsupported");
    const refused: unknown = await writeRecord(root, RECORD).catch((reason: unknown) => reason);
    expect(refused).to.have.property("code", "ConfigUnsupported");
    expect(await readdir(root)).to.deep.equal(["record.json"]);
  });
});

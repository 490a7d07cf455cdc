import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { HostError } from "../errors.ts";
import type { Result } from "../results.ts";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import { Descriptor } from "./descriptor.ts";
import type { DirectoryEntryStream } from "./directory-entry-stream.ts";
import { FileHandle } from "./file-handle.ts";
import { folderFunctions } from "./folder-functions.ts";

function stateWith(maxOpenObjects: number): HostState {
  const limits = { deadlineMs: performance.now() + 60_000, computeMs: 60_000 };
  return new HostState({ maxOpenObjects } as HostServices, limits);
}

function readDirectory(state: HostState, folder: Descriptor): DirectoryEntryStream {
  const read = folderFunctions["[method]descriptor.read-directory"];
  const result = read?.call(state, folder) as Result<DirectoryEntryStream, string>;
  if (result.tag === "err") throw new Error(result.val);
  if (result.val === undefined) throw new Error("Nothing was opened");
  return result.val;
}

describe("DirectoryEntryStream", () => {
  let path: string;
  let fd: number;
  let folder: Descriptor;

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "rcm-entries-"));
    fd = openSync(path, "r");
    folder = new Descriptor(new FileHandle(fd, undefined), { kind: "directory", flags: {}, access: "read" });
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(path, { recursive: true });
  });

  it("gives the entries of a folder, each once", () => {
    mkdirSync(join(path, "a"));
    writeFileSync(join(path, "b"), "");
    const stream = readDirectory(stateWith(1), folder);
    expect([stream.next(), stream.next()]).to.have.deep.members([
      { type: "directory", name: "a" },
      { type: "regular-file", name: "b" },
    ]);
    expect(stream.next()).to.equal(undefined);
    stream.close();
  });

  it("refuses a name that is no text, and goes on after it", () => {
    writeFileSync(Buffer.from(`${path}/bad\xff`, "latin1"), "");
    writeFileSync(join(path, "größe\ufffd"), "");
    const stream = readDirectory(stateWith(1), folder);
    const said = [1, 2, 3].map(() => {
      try {
        return stream.next()?.name;
      } catch (error) {
        return error instanceof Error ? error.message : error;
      }
    });
    stream.close();
    expect(said).to.have.members(["illegal-byte-sequence", "größe\ufffd", undefined]);
  });

  it("counts as open until it is closed", () => {
    const state = stateWith(2);
    const streams = [readDirectory(state, folder), readDirectory(state, folder)];
    expect(() => readDirectory(state, folder)).to.throw(HostError, /has 2 open/);
    for (const stream of streams) stream.close();
    for (let again = 0; again < 4; again += 1) readDirectory(state, folder).close();
    state.countOpen();
    state.countOpen();
    expect(() => {
      state.countOpen();
    }).to.throw(HostError);
  });

  it("does not count one that could not be opened", () => {
    const state = stateWith(1);
    const gone = new Descriptor(new FileHandle(1 << 20, undefined), folder);
    expect(() => readDirectory(state, gone)).to.throw("no-entry");
    readDirectory(state, folder).close();
  });
});

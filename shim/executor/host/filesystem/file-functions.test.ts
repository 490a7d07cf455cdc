import { fstatSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import { Descriptor } from "./descriptor.ts";
import { fileFunctions } from "./file-functions.ts";
import { FileHandle } from "./file-handle.ts";

/** Beyond what a stream can begin at. */
const TOO_FAR = 1n << 63n;

describe("the functions of a file", () => {
  let state: HostState;
  let folder: string;
  let fd: number;

  beforeEach(() => {
    const limits = { deadlineMs: performance.now() + 60_000, computeMs: 60_000 };
    state = new HostState({ maxOpenObjects: 10 } as unknown as HostServices, limits);
    folder = mkdtempSync(join(tmpdir(), "rcm-file-functions-"));
    fd = openSync(join(folder, "file"), "w+");
    state.countOpen();
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  for (const name of ["read-via-stream", "write-via-stream"]) {
    it(`close a file whose ${name} was refused`, () => {
      const file = new Descriptor(new FileHandle(fd, state), {
        kind: "file",
        flags: { read: true, write: true },
        access: "read-write",
      });
      const given = fileFunctions[`[method]descriptor.${name}`]?.call(state, file, TOO_FAR);
      expect(given).to.deep.equal({ tag: "err", val: "invalid" });
      file.file.release();
      expect(() => fstatSync(fd)).to.throw("EBADF");
    });
  }
});

import { expect } from "chai";
import { describe, it } from "mocha";
import { fileError } from "./errors.ts";

describe("fileError()", () => {
  for (const [code, reason, remedy] of [
    ["ENOSPC", "DiskFull", "free some space"],
    ["EROFS", "ReadOnlyFileSystem", "make it writable"],
    ["EPERM", "ConfigUnsupported", "root:root"],
    ["EACCES", "ConfigUnsupported", "root:root"],
    ["EIO", "InternalError", "EIO"],
  ] as const) {
    it(`has a reason and a remedy for ${code}`, () => {
      const error = fileError("write", "/etc/x", Object.assign(new Error("no"), { code }));
      expect(error.code).to.equal(reason);
      expect(error.message).to.include('Cannot write "/etc/x"').and.include(code).and.include(remedy);
    });
  }
});

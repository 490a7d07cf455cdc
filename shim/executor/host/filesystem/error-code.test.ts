import { expect } from "chai";
import { describe, it } from "mocha";
import { FilesystemError, filesystemErrorCode } from "./error-code.ts";

describe("filesystemErrorCode()", () => {
  for (const [code, expected] of [
    ["ENOENT", "no-entry"],
    ["EXDEV", "cross-device"],
    ["EOPNOTSUPP", "unsupported"],
    ["EMFILE", "insufficient-memory"],
    ["ERR_INVALID_ARG_VALUE", "invalid"],
    ["ERR_OUT_OF_RANGE", "invalid"],
    ["ESOMETHING", undefined],
  ] as const) {
    it(`gives ${expected} for ${code}`, () => {
      expect(filesystemErrorCode(Object.assign(new Error(code), { code }))).to.equal(expected);
    });
  }

  it("knows the host's own refusals, and nothing else", () => {
    expect(filesystemErrorCode(new FilesystemError("read-only"))).to.equal("read-only");
    expect(filesystemErrorCode(new Error("no code"))).to.equal(undefined);
    expect(filesystemErrorCode("ENOENT")).to.equal(undefined);
  });
});

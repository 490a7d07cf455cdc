import { expect } from "chai";
import { withoutVersion } from "./extern-name.ts";

describe("withoutVersion()", () => {
  it("cuts the version off", () => {
    expect(withoutVersion("wasi:io/streams@0.2.0")).to.equal("wasi:io/streams");
    expect(withoutVersion("plain")).to.equal("plain");
  });
});

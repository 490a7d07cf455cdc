import { expect } from "chai";
import { describe, it } from "mocha";
import { isKubeError, KubeError, unlessNotFound } from "./kube-error.ts";

describe("isKubeError()", () => {
  it("is true for one of the codes only", () => {
    const error = new KubeError("Gone", "x", { status: 410 });
    expect(isKubeError(error, "Conflict", "Gone")).to.equal(true);
    expect(isKubeError(error, "Conflict")).to.equal(false);
    expect(isKubeError(new Error("x"), "Gone")).to.equal(false);
  });
});

describe("unlessNotFound()", () => {
  it("turns NotFound into nothing and lets every other error pass", async () => {
    const other = new KubeError("Forbidden", "x");
    expect(await unlessNotFound(Promise.resolve(1))).to.equal(1);
    expect(await unlessNotFound(Promise.reject(new KubeError("NotFound", "x")))).to.equal(undefined);
    expect(await unlessNotFound(Promise.reject(other)).catch((error: unknown) => error)).to.equal(other);
  });
});

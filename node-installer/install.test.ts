import { isTerminal } from "@rcm/lib/install-job";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { install } from "./install.ts";
import { createSampleHost, SAMPLE_REQUEST } from "./testing/sample-host.ts";
import type { SampleHost } from "./testing/sample-host.ts";

describe("install()", () => {
  let host: SampleHost;
  beforeEach(async () => {
    host = await createSampleHost();
  });
  afterEach(async () => host.remove());

  it("is to be tried again where somebody took away the executable that was not fetched because it was there", async () => {
    const error = await install(host.context, SAMPLE_REQUEST, undefined, AbortSignal.timeout(10_000)).then(
      () => expect.fail("It did not fail"),
      (reason: unknown) => reason as { readonly code: string; readonly message: string },
    );
    expect(error.message).to.include("gone from the store");
    expect(isTerminal(error.code, false)).to.equal(false);
  });
});

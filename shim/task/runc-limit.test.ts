import { expect } from "chai";
import { describe, it } from "mocha";
import { TtrpcError } from "../ttrpc/status.ts";
import { runcLimit } from "./runc-limit.ts";

const LATE = new TtrpcError("DEADLINE_EXCEEDED", "it took too long");

describe("runcLimit()", () => {
  it("passes on that the deadline of the call is over", () => {
    const late = new AbortController();
    const limit = runcLimit({ deadline: late.signal });
    expect(limit.aborted).to.equal(false);
    late.abort(LATE);
    expect(limit.reason).to.equal(LATE);
  });

  it("passes on that it was over before", () => {
    expect(runcLimit({ deadline: AbortSignal.abort(LATE) }).reason).to.equal(LATE);
  });
});

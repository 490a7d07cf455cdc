import { expect } from "chai";
import { describe, it } from "mocha";
import { Fields } from "./fields.ts";
import { OutgoingResponse } from "./messages.ts";

describe("OutgoingResponse", () => {
  for (const [status, isTaken] of [
    [99, false],
    [100, false],
    [103, false],
    [199, false],
    [200, true],
    [999, true],
    [1000, false],
  ] as const) {
    it(`${isTaken ? "takes" : "refuses"} the status ${status}`, () => {
      const response = new OutgoingResponse(Fields.empty(1000));
      expect(response.setStatus(status)).to.equal(isTaken);
      expect(response.status).to.equal(isTaken ? status : 200);
    });
  }
});

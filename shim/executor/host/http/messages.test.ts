import { expect } from "chai";
import { describe, it } from "mocha";
import { Fields } from "./fields.ts";
import { IncomingRequest, OutgoingRequest, OutgoingResponse, type RequestHead } from "./messages.ts";

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

describe("OutgoingRequest", () => {
  for (const [authority, isTaken] of [
    ["a.b", true],
    ["a:65535", true],
    ["[::1]:1", true],
    ["1.2.3.4:80", true],
    ["a_b", true],
    ["a:65536", false],
    ["a:", false],
    ["a:1a", false],
    ["u@a", false],
    ["\u00e4", false],
    ["a%20", false],
    ["", false],
  ] as const) {
    it(`${isTaken ? "takes" : "refuses"} the authority "${authority}"`, () => {
      expect(new OutgoingRequest(Fields.empty(1000)).setAuthority(authority)).to.equal(isTaken);
    });
  }

  for (const [path, isTaken] of [
    ["", true],
    ["/a?b", true],
    ["?b", true],
    ["a", false],
    ["*", false],
    ["/a b", false],
    ["/a\r", false],
  ] as const) {
    it(`${isTaken ? "takes" : "refuses"} the path ${JSON.stringify(path)}`, () => {
      expect(new OutgoingRequest(Fields.empty(1000)).setPathWithQuery(path)).to.equal(isTaken);
    });
  }
});

describe("IncomingRequest", () => {
  it("makes its fields once, however often a guest asks", () => {
    let asked = 0;
    const head = {
      rawHeaders() {
        asked += 1;
        return ["A", "1"];
      },
    } as unknown as RequestHead;
    const request = new IncomingRequest(head, 1000);
    expect(request.headers()).to.equal(request.headers());
    expect(asked).to.equal(1);
  });
});

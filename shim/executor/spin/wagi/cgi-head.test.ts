import { expect } from "chai";
import { describe, it } from "mocha";
import { parseCgiHead } from "./cgi-head.ts";

describe("parseCgiHead()", () => {
  const heads: readonly (readonly [why: string, text: string, head: object])[] = [
    ["a content type", "Content-Type: text/plain", { status: 200, fields: [["content-type", "text/plain"]] }],
    [
      "lines that end as in HTTP",
      "content-type: a/b\r\nX-Own:  one: two \r\n",
      {
        status: 200,
        fields: [
          ["content-type", "a/b"],
          ["x-own", "one: two"],
        ],
      },
    ],
    ["a line cut at its end", "content-type: a/b\r", { status: 200, fields: [["content-type", "a/b"]] }],
    ["a status with its reason", "Status: 418 I'm a teapot\n", { status: 418, fields: [] }],
    ["a redirect", "location: /there", { status: 302, fields: [["location", "/there"]] }],
    ["a redirect with a status", "status: 301\nlocation: /there", { status: 301, fields: [["location", "/there"]] }],
  ];
  for (const [why, text, head] of heads) {
    it(`takes ${why}`, () => {
      expect(parseCgiHead(text)).to.deep.equal(head);
    });
  }

  const faults: readonly (readonly [text: string, status: number, reason: RegExp])[] = [
    ["x-own: 1", 500, /neither content-type, location nor status/],
    ["", 500, /neither/],
    ["hello", 500, /"hello" is no header/],
    ["status: fine", 502, /"fine" is no number/],
    ["status: 99\ncontent-type: a/b", 502, /"99" is no number/],
    ["status: 2000", 502, /"2000"/],
  ];
  for (const [text, status, reason] of faults) {
    it(`refuses "${text.replace("\n", "\\n")}" by ${status}`, () => {
      const fault = parseCgiHead(text);
      expect(fault).to.include({ status });
      expect(fault).to.have.property("reason").that.matches(reason);
    });
  }
});

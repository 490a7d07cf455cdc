import { expect } from "chai";
import { describe, it } from "mocha";
import { parseWatchLine } from "./kube-watch.ts";

const OBJECT = { metadata: { name: "a", resourceVersion: "5" } };

function parse(event: unknown): unknown {
  return parseWatchLine("watch nodes", JSON.stringify(event));
}

describe("parseWatchLine()", () => {
  for (const kind of ["added", "modified", "deleted"]) {
    it(`reads an object that was ${kind}`, () => {
      expect(parse({ type: kind.toUpperCase(), object: OBJECT })).to.deep.equal({ kind, object: OBJECT });
    });
  }

  it("reads a bookmark", () => {
    expect(parse({ type: "BOOKMARK", object: OBJECT })).to.deep.equal({ kind: "bookmark", resourceVersion: "5" });
  });

  it("throws what the server says in an error event", () => {
    const object = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version: 1 (5)" };
    expect(() => parse({ type: "ERROR", object }))
      .to.throw("Cannot watch nodes: too old resource version: 1 (5)")
      .with.property("code", "Gone");
  });

  const malformed = [[], 1, {}, { type: "ADDED" }, { type: "OTHER", object: {} }, { type: "BOOKMARK", object: {} }];
  for (const event of malformed) {
    it(`refuses ${JSON.stringify(event)}`, () => {
      expect(() => parseWatchLine("watch nodes", JSON.stringify(event)))
        .to.throw()
        .with.property("code", "Malformed");
    });
  }

  it("refuses half a line", () => {
    expect(() => parseWatchLine("watch nodes", '{"type":"ADD')).to.throw("not JSON");
  });
});

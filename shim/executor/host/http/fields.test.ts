import { expect } from "chai";
import { describe, it } from "mocha";
import { HostError } from "../errors.ts";
import { Fields } from "./fields.ts";

const LIMIT = 1000;
function bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

describe("Fields", () => {
  it("keeps the order, lowers names and keeps bytes as they are", () => {
    const fields = Fields.empty(LIMIT);
    fields.append("B", bytes("1"));
    fields.append("a", bytes("\u00e4"));
    fields.append("b", bytes("2"));
    expect(fields.flat()).to.deep.equal(["b", "1", "a", "\u00e4", "b", "2"]);
    expect(fields.get("B").map(String)).to.deep.equal(["1", "2"]);
    expect(fields.entries()[1]).to.deep.equal(["a", bytes("\u00e4")]);
    expect([fields.has("A"), fields.has("c")]).to.deep.equal([true, false]);
  });

  it("replaces all values of a name, and deletes them", () => {
    const fields = Fields.empty(LIMIT);
    fields.append("a", bytes("1"));
    fields.append("b", bytes("2"));
    expect(fields.set("A", [bytes("3"), bytes("4")])).to.equal(undefined);
    expect(fields.flat()).to.deep.equal(["b", "2", "a", "3", "a", "4"]);
    expect(fields.delete("a")).to.equal(undefined);
    expect(fields.delete("a")).to.equal(undefined);
    expect(fields.flat()).to.deep.equal(["b", "2"]);
  });

  for (const name of ["connection", "Host", "keep-alive", "proxy-connection", "TRANSFER-ENCODING", "upgrade"]) {
    it(`forbids a guest the field ${name}`, () => {
      const fields = Fields.empty(LIMIT);
      expect(fields.append(name, bytes("1"))).to.deep.equal({ tag: "forbidden" });
      expect(fields.set(name, [])).to.deep.equal({ tag: "forbidden" });
      expect(fields.delete(name)).to.deep.equal({ tag: "forbidden" });
    });
  }

  for (const [name, value] of [
    ["", "1"],
    ["a b", "1"],
    ["a:", "1"],
    ["\u00e4", "1"],
    ["a", "1\n"],
    ["a", "\r"],
    ["a", "\0"],
    ["a", "\u007f"],
    ["content-length", " 5"],
    ["Content-Length", "5\t"],
    ["content-length", "+5"],
    ["content-length", ""],
  ] as const) {
    it(`finds ${JSON.stringify(`${name}: ${value}`)} invalid`, () => {
      const fields = Fields.empty(LIMIT);
      expect(fields.append(name, bytes(value))).to.deep.equal({ tag: "invalid-syntax" });
      expect(fields.set(name, [bytes("1"), bytes(value)])).to.deep.equal({ tag: "invalid-syntax" });
      expect(fields.flat()).to.deep.equal([]);
    });
  }

  it("takes one length of the body and no second one", () => {
    const fields = Fields.empty(LIMIT);
    expect(fields.append("content-length", bytes("5"))).to.equal(undefined);
    expect(fields.append("Content-Length", bytes("5"))).to.deep.equal({ tag: "invalid-syntax" });
    expect(fields.set("content-length", [bytes("5"), bytes("5")])).to.deep.equal({ tag: "invalid-syntax" });
    expect(fields.set("content-length", [bytes("6")])).to.equal(undefined);
    expect(fields.flat()).to.deep.equal(["content-length", "6"]);
  });

  it("takes tabs, and bytes above ASCII", () => {
    expect(Fields.empty(LIMIT).append("a", bytes("1\t\u00ff"))).to.equal(undefined);
  });

  it("hides what belongs to the connection, of a message that came in, and cannot be changed", () => {
    const fields = Fields.ofMessage(["Host", "a", "Connection", "close", "X-A", "1"], LIMIT);
    expect(fields.flat()).to.deep.equal(["host", "a", "x-a", "1"]);
    for (const error of [fields.append("x", bytes("1")), fields.set("x", []), fields.delete("x-a")]) {
      expect(error).to.deep.equal({ tag: "immutable" });
    }
    const copy = fields.clone();
    expect(copy.append("x", bytes("1"))).to.equal(undefined);
    expect(fields.has("x")).to.equal(false);
  });

  it("shows changes through an immutable view of itself", () => {
    const fields = Fields.empty(LIMIT);
    const view = fields.asImmutable();
    fields.append("a", bytes("1"));
    expect(view.has("a")).to.equal(true);
    expect(view.append("b", bytes("1"))).to.deep.equal({ tag: "immutable" });
  });

  it("ends a guest whose fields are too large, and forgets what was deleted", () => {
    const fields = Fields.empty(LIMIT);
    for (let round = 0; round < 10; round += 1) {
      fields.append("a", Buffer.alloc(900, "x"));
      fields.delete("a");
    }
    expect(() => fields.append("a", Buffer.alloc(1000, "x"))).to.throw(HostError, /1000 bytes/);
    expect(() => {
      for (let count = 0; count < 1000; count += 1) fields.append("e", bytes(""));
    }).to.throw(HostError);
  });

  it("has its bytes counted for a guest until the last that has it drops it", () => {
    let total = 0;
    const counter = { countBytes: (more: number) => (total += more) };
    const fields = Fields.empty(LIMIT, counter);
    const empty = total;
    expect(empty).to.be.greaterThan(0);
    fields.append("abc", Buffer.alloc(100, "x"));
    const one = total;
    expect(one - empty).to.be.within(103, 150);
    fields.set("d", [Buffer.from("1"), Buffer.from("1")]);
    expect(total).to.be.greaterThan(one);
    fields.delete("d");
    expect(total).to.equal(one);
    const copy = fields.clone(counter);
    expect(total).to.equal(2 * one);
    copy.drop();
    fields.freeze().share();
    fields.drop();
    expect(total).to.equal(one);
    fields.drop();
    expect(total).to.equal(0);
    const incoming = Fields.ofMessage(["abc", "x".repeat(100)], LIMIT);
    incoming.countBy(counter);
    expect(total).to.equal(one);
  });
});

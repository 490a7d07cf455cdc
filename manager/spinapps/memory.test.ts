import { expect } from "chai";
import { describe, it } from "mocha";
import { Memos } from "./memo.ts";
import { ReferenceIndex } from "./reference-index.ts";
import { Written } from "./written.ts";

describe("ReferenceIndex", () => {
  it("knows who refers to what, and forgets", () => {
    const index = new ReferenceIndex();
    index.set("a", ["Secret/n/s", "ConfigMap/n/m"]);
    index.set("b", ["Secret/n/s"]);
    expect(index.appsOf("Secret/n/s")).to.deep.equal(["a", "b"]);
    index.set("a", ["ConfigMap/n/m"]);
    expect(index.appsOf("Secret/n/s")).to.deep.equal(["b"]);
    index.set("b", []);
    expect(index.appsOf("Secret/n/s")).to.deep.equal([]);
    expect(index.appsOf("ConfigMap/n/m")).to.deep.equal(["a"]);
  });
});

describe("Written", () => {
  const before = { is: "before" };
  const after = { is: "after" };

  it("shows what we wrote until the cache has something else", () => {
    const written = new Written<object>();
    written.set("k", { over: before, cached: before, after }, 0);
    expect(written.see("k", before, 1)).to.equal(after);
    const other = { is: "other" };
    expect(written.see("k", other, 2)).to.equal(other);
    expect(written.see("k", before, 3)).to.equal(before);
  });

  it("shows what we made until the cache has had word of it, or for half a minute", () => {
    const written = new Written<object>();
    written.set("k", { over: undefined, cached: undefined, after }, 0);
    expect(written.see("k", undefined, 29_999)).to.equal(after);
    expect(written.see("k", undefined, 30_000)).to.equal(undefined);
    written.set("k", { over: undefined, cached: undefined, after }, 0);
    written.forget("k", undefined);
    expect(written.see("k", undefined, 1)).to.equal(undefined);
  });
});

describe("Written, of what has a generation", () => {
  const [first, late, second, third] = [{ generation: 1 }, { generation: 1 }, { generation: 2 }, { generation: 3 }];
  function writtenAfter(cached: object): Written<{ generation: number }> {
    const written = new Written<{ generation: number }>((one, other) => one.generation < other.generation);
    written.set("k", { over: first, cached: cached as typeof first, after: second }, 0);
    return written;
  }

  it("is not misled by news of before the write that comes before the answer", () => {
    expect(writtenAfter(late).see("k", late, 1)).to.equal(second);
    expect(writtenAfter(third).see("k", third, 1)).to.equal(third);
  });

  it("is not misled by such news that comes after the answer, for half a minute", () => {
    const written = writtenAfter(first);
    written.forget("k", late);
    expect(written.see("k", late, 1)).to.equal(second);
    expect(written.see("k", late, 30_000)).to.equal(late);
  });

  it("believes the watch when it shows the write, what came after it, or the end", () => {
    for (const news of [{ generation: 2 }, third, undefined]) {
      const written = writtenAfter(first);
      written.forget("k", news);
      expect(written.see("k", news, 1)).to.equal(news);
    }
  });
});

describe("Memos", () => {
  it("remembers until it is told to forget", () => {
    const memos = new Memos();
    memos.of("a").service = { sent: "s", print: "p" };
    expect(memos.of("a").service).to.deep.equal({ sent: "s", print: "p" });
    memos.forget("a");
    expect(memos.of("a").service).to.equal(undefined);
  });
});

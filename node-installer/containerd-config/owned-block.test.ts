import { expect } from "chai";
import { describe, it } from "mocha";
import { caught } from "./caught.test.ts";
import { ownedBlocks, withBlock, withBlockReplaced, withoutBlock } from "./owned-block.ts";

const BEGIN = "# BEGIN runtime-class-manager spin";
const END = "# END runtime-class-manager spin";

describe("withBlock(), withoutBlock()", () => {
  const texts: readonly (readonly [name: string, text: string])[] = [
    ["an empty text", ""],
    ["a byte order mark alone", "\uFEFF"],
    ["a last line break", "a = 1\n"],
    ["no last line break", "a = 1"],
    ["a comment without line break", "a = 1\n# end"],
    ["CRLF", "a = 1\r\nb = 2\r\n"],
    ["CRLF without the last one", "a = 1\r\nb = 2"],
    ["blank lines at the end", "a = 1\n\n\n"],
    ["spaces at the end", "a = 1\n  "],
    ["mixed line breaks", "a = 1\r\nb = 2\n"],
  ];
  for (const [name, text] of texts) {
    it(`give back ${name} to the byte`, () => {
      const added = withBlock(text, "spin", ["[x]"]);
      const [block] = ownedBlocks(added, "c");
      expect(block?.name).to.equal("spin");
      expect(block === undefined ? "" : withoutBlock(added, block)).to.equal(text);
      expect(added.startsWith(text)).to.equal(true);
    });

    it(`give back ${name} when two blocks go in the order in which they came, and in the other`, () => {
      const both = withBlock(withBlock(text, "one", ["[x]"]), "two", ["[y]"]);
      for (const order of [
        ["one", "two"],
        ["two", "one"],
      ]) {
        const left = order.reduce((current, wanted) => {
          const block = ownedBlocks(current, "c").find((candidate) => candidate.name === wanted);
          return block === undefined ? current : withoutBlock(current, block);
        }, both);
        expect(left).to.equal(text);
      }
    });
  }

  it("use the line break of the text", () => {
    expect(withBlock("a = 1\r\n", "spin", ["[x]"])).to.equal(`a = 1\r\n${BEGIN}\r\n[x]\r\n${END}\r\n`);
  });
});

describe("withBlockReplaced()", () => {
  it("changes the lines of one block in their place", () => {
    const text = `a = 1\n${BEGIN}\n[x]\n${END}\n[y]\n`;
    const [block] = ownedBlocks(text, "c");
    expect(block === undefined ? "" : withBlockReplaced(text, block, ["[z]", "b = 1"])).to.equal(
      `a = 1\n${BEGIN}\n[z]\nb = 1\n${END}\n[y]\n`,
    );
  });
});

describe("ownedBlocks()", () => {
  it("takes marks inside strings for what they are", () => {
    expect(ownedBlocks(`a = """\n${BEGIN}\n"""\nb = '''\n${END}\n'''\n`, "c")).to.deep.equal([]);
  });

  it("takes a mark on the line that ends a string for none", () => {
    expect(ownedBlocks(`a = """\n${END}""" # x\n`, "c")).to.deep.equal([]);
  });

  it("takes an indented mark, and one behind which an editor left spaces", () => {
    expect(ownedBlocks(`  ${BEGIN}  \n[x]\n\t${END}\t`, "c").map(({ name }) => name)).to.deep.equal(["spin"]);
  });

  it("does not take another handler whose name begins the same", () => {
    const text = `${BEGIN}-v2\n[x]\n${END}-v2\n`;
    expect(ownedBlocks(text, "c").map(({ name }) => name)).to.deep.equal(["spin-v2"]);
  });

  const broken: readonly (readonly [name: string, text: string, line: number])[] = [
    ["a beginning without an end", `a = 1\n${BEGIN}\n[x]\n`, 2],
    ["an end without a beginning", `a = 1\n\n${END}\n`, 3],
    ["an end of another handler", `${BEGIN}\n[x]\n${END}2\n`, 3],
    ["a beginning inside a block", `${BEGIN}\n${BEGIN}2\n${END}2\n${END}\n`, 2],
    ["a block twice", `${BEGIN}\n${END}\n${BEGIN}\n${END}\n`, 3],
    ["the end first", `${END}\n${BEGIN}\n`, 1],
  ];
  for (const [name, text, line] of broken) {
    it(`refuses ${name}, with its line`, () => {
      const error = caught(() => ownedBlocks(text, "/etc/c.toml"));
      expect(error).to.have.property("code", "ConfigInvalid");
      expect(error?.message).to.include(`"/etc/c.toml" are ours: line ${line} `);
    });
  }
});

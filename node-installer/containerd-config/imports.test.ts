import { expect } from "chai";
import { describe, it } from "mocha";
import { caught } from "./caught.test.ts";
import { addImport, importPatterns, importsCover, removeImport, replaceImports } from "./imports.ts";

const PATTERN = "/etc/containerd/conf.d/50-rcm-*.toml";

function file(text: string): { path: string; text: string } {
  return { path: "/etc/containerd/config.toml", text };
}

const TEXTS: readonly (readonly [name: string, text: string, before: readonly string[]])[] = [
  ["an empty file", "", []],
  ["a byte order mark alone", "\uFEFF", []],
  ["root keys only", "version = 2\n", []],
  ["root keys without a last line break", "version = 2", []],
  ["a comment behind the last root key", "version = 2 # two\n[grpc]\n", []],
  ["a root key over lines", "required_plugins = [\n]\n[grpc]\n", []],
  ["tables only", "[grpc]\naddress = 'x'\n", []],
  ["a comment on the first line", "# k0s_managed=true\n[grpc]\n", []],
  ["an indented table", "# c\n  [plugins]\n", []],
  ["a byte order mark before a table", "\uFEFF[grpc]\n", []],
  ["comments only", "# nothing\n# here", []],
  ["imports of a table of the same name", "version = 3\n[x]\nimports = ['y']\n", []],
  ["an empty list", "imports = []\n", []],
  ["an empty list over lines", "imports = [\n]\n[a]\n", []],
  ["a list of one", 'imports = ["/a/*.toml"]\nversion = 2\n', ["/a/*.toml"]],
  ["imports in single quotes and a quoted key", "\"imports\" = ['/a/*.toml', '/b.toml']", ["/a/*.toml", "/b.toml"]],
  ["a comma at the end", 'imports = ["/a/*.toml",]\n', ["/a/*.toml"]],
  [
    "imports over lines",
    'imports = [\n  "/a/*.toml", # a ]\n  # b "\n  "/b.toml"\n]\n[grpc]\n',
    ["/a/*.toml", "/b.toml"],
  ],
  ["CRLF", 'version = 2\r\nimports = [\r\n  "/a/*.toml",\r\n]\r\n', ["/a/*.toml"]],
  ["CRLF without imports", "version = 2\r\n[grpc]\r\n", []],
];

describe("addImport(), removeImport()", () => {
  for (const [name, text, before] of TEXTS) {
    it(`add to ${name}, and give it back to the byte`, () => {
      const added = addImport(file(text), PATTERN);
      expect(importPatterns(file(added))).to.deep.equal([PATTERN, ...before]);
      expect(removeImport(file(added), PATTERN)).to.equal(text);
    });
  }

  it("leave each other's line as it was", () => {
    const text = '# top\nversion = 3 # v\n\n# about grpc\n[grpc]\n  address = "x"\n';
    const added = addImport(file(text), PATTERN);
    expect(added.split("\n").filter((line) => !text.includes(line))).to.deep.equal([
      "# BEGIN runtime-class-manager (imports)",
      `imports = ["${PATTERN}"]`,
      "# END runtime-class-manager (imports)",
    ]);
  });

  it("leave an import that somebody else wrote, even of the same pattern", () => {
    const text = `imports = ["${PATTERN}"]\n`;
    expect(removeImport(file(text), PATTERN)).to.equal(text);
  });

  it("leave what somebody added to our list", () => {
    const added = addImport(file("version = 3\n"), PATTERN).replace("*.toml", '*.toml", "/a/*.toml');
    expect(removeImport(file(added), PATTERN)).to.equal(added);
  });

  it("keep what somebody added to a list that has ours", () => {
    const added = addImport(file('imports = ["/a/*.toml"]\n'), PATTERN).replace(
      '"/a/*.toml"',
      '"/a/*.toml", "/b/*.toml"',
    );
    expect(removeImport(file(added), PATTERN)).to.equal('imports = ["/a/*.toml", "/b/*.toml"]\n');
  });
});

describe("replaceImports()", () => {
  for (const [name, text] of TEXTS) {
    it(`gives ${name} other imports`, () => {
      expect(importPatterns(file(replaceImports(file(text), ["/x/*.toml", "/y.toml"])))).to.deep.equal([
        "/x/*.toml",
        "/y.toml",
      ]);
    });
  }
});

describe("importPatterns(), importsCover()", () => {
  for (const text of ["imports = 'x'", "imports = [1]", "imports = ['x', ['y']]", "[imports]"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(caught(() => importPatterns(file(text)))).to.have.property("code", "ConfigInvalid");
    });
  }

  it("finds out whether a file is imported already", () => {
    const path = "/etc/containerd/conf.d/50-rcm-spin.toml";
    expect(importsCover(file("imports = ['/x/*.toml', 'conf.d/*.toml']"), path)).to.equal(true);
    expect(importsCover(file("imports = ['/x/*.toml']"), path)).to.equal(false);
    expect(importsCover(file(""), path)).to.equal(false);
  });
});

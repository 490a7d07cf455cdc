import { expect } from "chai";
import { describe, it } from "mocha";
import { parseSpinAssets, type SpinContent } from "./spin-assets.ts";

const KNOWN = `sha256:${"a".repeat(64)}`;
const ELSEWHERE = `sha256:${"b".repeat(64)}`;
const SOURCE = { digest: KNOWN };
const PLAIN: SpinContent = { digests: new Set([KNOWN]), hasArchives: false };
const PACKED: SpinContent = { ...PLAIN, hasArchives: true };

describe("parseSpinAssets()", () => {
  it("places the files of layers, and those that the application has in itself", () => {
    const files = [
      { path: "static/deep/a.txt", digest: KNOWN },
      { path: "b.txt", inline: "aGVsbG8=", digest: ELSEWHERE },
      { path: "empty", inline: "" },
    ];
    expect(parseSpinAssets(appOf({ id: "web", source: SOURCE, files }), PLAIN)).to.deep.equal({
      folders: ["web", "web/static", "web/static/deep"],
      files: [
        { path: "web/static/deep/a.txt", content: { kind: "layer", digest: KNOWN } },
        { path: "web/b.txt", content: { kind: "inline", bytes: Buffer.from("hello") } },
        { path: "web/empty", content: { kind: "inline", bytes: Buffer.alloc(0) } },
      ],
    });
  });

  it("needs nothing for components without files", () => {
    const components = [
      { id: "a", source: SOURCE },
      { id: "b", source: { inline: "AGFzbQ==" }, files: [] },
    ] as const;
    expect(parseSpinAssets(appOf(...components), PLAIN)).to.deep.equal({ folders: [], files: [] });
    expect(parseSpinAssets("{}", PLAIN)).to.deep.equal({ folders: [], files: [] });
  });

  it("takes the last of two files at one path, as Spin does", () => {
    const files = [
      { path: "a", digest: KNOWN },
      { path: "a", inline: "" },
    ];
    const assets = parseSpinAssets(appOf({ id: "web", source: SOURCE, files }), PLAIN);
    expect(assets.files.map(({ content }) => content.kind)).to.deep.equal(["inline"]);
  });

  it("leaves out components with files in archives, and no others", () => {
    const packed = {
      id: "packed",
      source: SOURCE,
      files: [
        { path: "x", inline: "" },
        { path: "y", digest: ELSEWHERE },
      ],
    };
    const plain = { id: "plain", source: SOURCE, files: [{ path: "z", digest: KNOWN }] };
    const { folders, files } = parseSpinAssets(appOf(packed, plain), PACKED);
    expect([folders, files.map(({ path }) => path)]).to.deep.equal([["plain"], ["plain/z"]]);
  });

  for (const path of ["../x", "a/../../x", "/etc/passwd", "", "a//b", "a/", "./a", "a\0b", 7]) {
    it(`refuses the path ${JSON.stringify(path)}`, () => {
      expectCorrupt(appOf(fileAt(path)), "path");
      expect(() => parseSpinAssets(appOf(fileAt(path, ELSEWHERE)), PACKED)).to.throw("path");
    });
  }

  for (const path of ["n".repeat(256), "ü".repeat(128), "a/".repeat(64) + "a", "name/".repeat(50) + "n".repeat(2000)]) {
    it(`refuses a path that is too long or deep: ${path.slice(0, 20)}…`, () => {
      expectCorrupt(appOf(fileAt(path)), "too long or too deep");
    });
  }

  for (const id of ["", ".", "..", "a/b", "-x", "a b", "x".repeat(129), 7, undefined]) {
    it(`refuses the component ${JSON.stringify(id)}`, () => {
      expectCorrupt(appOf({ id, source: SOURCE }), "a component has the id");
    });
  }

  for (const [title, text, message] of [
    ["two components of one name", appOf(fileAt("a"), fileAt("b")), 'there are two components "web"'],
    ["a file below a file", appWith("a", "a/b"), 'the path "web/a" is a file and a folder'],
    ["a folder that is a file", appWith("a/b", "a"), 'the path "web/a" is a file and a folder'],
    ["a file of no layer", appOf(fileAt("x", ELSEWHERE)), "none of the image's layers"],
    [
      "a file of the machine that pushed it",
      appOf({ id: "a", source: SOURCE, files: [{ path: "x", source: "file:///x" }] }),
      "nothing, which is none",
    ],
    ["a source of no layer", appOf({ id: "a", source: { digest: ELSEWHERE } }), 'source of component "a"'],
    ["no source", appOf({ id: "a" }), 'component "a" has no source'],
    ["files that are no list", appOf({ id: "a", source: SOURCE, files: {} }), "are no list"],
    ["components that are no list", '{"components":[1]}', "no list"],
    ["a list", "[]", "no list"],
    ["what is no JSON", "{", "Cannot read"],
  ] as const) {
    it(`refuses ${title}`, () => {
      expectCorrupt(text, message);
    });
  }

  it("refuses more than 16,384 files and folders, counting both", () => {
    const files = Array.from({ length: 8192 }, (_, index) => ({ path: `${String(index)}/a`, inline: "" }));
    const text = appOf({ id: "web", source: SOURCE, files });
    expect(() => parseSpinAssets(text, PLAIN))
      .to.throw("more than 16384 files")
      .with.property("code", "SPEC_UNSUPPORTED");
    expect(() => parseSpinAssets(appOf({ id: "web", source: SOURCE, files: files.slice(1) }), PLAIN)).not.to.throw();
  });

  it("refuses more than 1024 components", () => {
    const components = Array.from({ length: 1025 }, (_, index) => ({ id: `c${String(index)}`, source: SOURCE }));
    expect(() => parseSpinAssets(appOf(...components), PLAIN)).to.throw("1025 components");
  });
});

function expectCorrupt(text: string, message: string): void {
  expect(() => parseSpinAssets(text, PLAIN))
    .to.throw(message)
    .with.property("code", "CORRUPT");
}

function fileAt(path: unknown, digest = KNOWN): object {
  return { id: "web", source: SOURCE, files: [{ path, digest }] };
}

function appWith(...paths: readonly string[]): string {
  return appOf({ id: "web", source: SOURCE, files: paths.map((path) => ({ path, digest: KNOWN })) });
}

function appOf(...components: readonly object[]): string {
  return JSON.stringify({ spin_lock_version: 0, components });
}

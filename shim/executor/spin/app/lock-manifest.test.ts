import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { lockManifest } from "./lock-manifest.ts";
import type { LockedApp } from "./locked-app.ts";
import { parseSpinManifest } from "./parse-spin-manifest.ts";

describe("lockManifest()", () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "image-"));
    for (const folder of ["app/assets/deep/er", "app/assets/empty", "other"]) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    for (const file of [
      "app/app.wasm",
      "app/a.txt",
      "app/assets/.dot",
      "app/assets/1.js",
      "app/assets/1.map",
      "app/assets/deep/2.js",
      "app/assets/deep/er/3.js",
      "other/secret",
    ]) {
      writeFileSync(join(root, file), "");
    }
    symlinkSync("/other", join(root, "app/assets/folder-link"));
    symlinkSync("../../other/secret", join(root, "app/assets/file-link"));
    symlinkSync("/../../../etc/passwd", join(root, "app/assets/outside"));
    symlinkSync("/dev/null", join(root, "app/device"));
  });
  after(() => {
    rmSync(root, { recursive: true });
  });

  async function lock(fields: string, source = '"app.wasm"'): Promise<LockedApp> {
    const manifest = await parseSpinManifest(
      `spin_manifest_version = 2\n[application]\nname = "app"\n[component.c]\nsource = ${source}\n${fields}`,
    );
    return lockManifest(manifest, join(root, "app"), root);
  }

  it("knows where the source is, and keeps all else", async () => {
    const { components, ...app } = await lock('environment = { A = "1" }\nexclude_files = ["x"]');
    expect(app).to.deep.include({ name: "app", triggers: [], variables: new Map() });
    expect(components).to.deep.equal([
      {
        id: "c",
        description: undefined,
        source: { kind: "file", path: join(root, "app/app.wasm") },
        environment: { A: "1" },
        files: [],
        variables: {},
        allowedOutboundHosts: [],
        keyValueStores: [],
        sqliteDatabases: [],
        aiModels: [],
      },
    ]);
  });

  for (const source of ["app.wasm", "./app.wasm", "/app/app.wasm", "../app/app.wasm", "../../../app/app.wasm"]) {
    it(`finds the source "${source}"`, async () => {
      const { components } = await lock("", JSON.stringify(source));
      expect(components[0]?.source).to.deep.equal({ kind: "file", path: join(root, "app/app.wasm") });
    });
  }

  for (const [fields, expected] of [
    ['files = ["assets"]', { "/assets": "app/assets" }],
    ['files = ["./assets/"]', { "/assets": "app/assets" }],
    ['files = ["."]', { "/": "app" }],
    ['files = [{ source = "assets", destination = "/" }]', { "/": "app/assets" }],
    ['files = [{ source = "assets/deep", destination = "x/y/" }]', { "/x/y": "app/assets/deep" }],
    ['files = [{ source = "assets/folder-link", destination = "/" }]', { "/": "other" }],
    ['files = [{ source = "a.txt", destination = "/b/c.txt" }]', { "b/c.txt": "app/a.txt" }],
    ['files = ["a.txt"]', { "a.txt": "app/a.txt" }],
    [
      'files = ["*.txt", "assets/1.*"]',
      {
        "a.txt": "app/a.txt",
        "assets/1.js": "app/assets/1.js",
        "assets/1.map": "app/assets/1.map",
      },
    ],
    [
      'files = ["assets/**/*.js"]',
      {
        "assets/1.js": "app/assets/1.js",
        "assets/deep/2.js": "app/assets/deep/2.js",
        "assets/deep/er/3.js": "app/assets/deep/er/3.js",
      },
    ],
    // Links to files are followed, within the image; links to folders are not.
    [
      'files = ["assets/*"]',
      {
        "assets/.dot": "app/assets/.dot",
        "assets/1.js": "app/assets/1.js",
        "assets/1.map": "app/assets/1.map",
        "assets/file-link": "other/secret",
      },
    ],
    ['files = ["assets/*/*"]', { "assets/deep/2.js": "app/assets/deep/2.js" }],
    ['files = ["none/*"]', {}],
    [
      'files = ["assets"]\nexclude_files = ["**/*.map", "assets/deep/*", "assets/file-link", "assets/.*"]',
      {
        "assets/1.js": "app/assets/1.js",
      },
    ],
    [
      'files = [{ source = "assets/deep", destination = "/x" }]\nexclude_files = ["assets/deep/2.js"]',
      {
        "x/er/3.js": "app/assets/deep/er/3.js",
      },
    ],
    [
      'files = [{ source = "assets/deep", destination = "/" }]\nexclude_files = ["assets/deep/2.js"]',
      {
        "er/3.js": "app/assets/deep/er/3.js",
      },
    ],
  ] as const) {
    it(`takes ${fields.replace("\n", ", ")}`, async () => {
      const { components } = await lock(fields);
      const files = components[0]?.files ?? [];
      const found = Object.fromEntries(
        files.map(({ path, content }) => [path, content.kind === "file" ? content.path : content.kind]),
      );
      const wanted = Object.entries(expected).map(([path, place]) => [path, join(root, place)]);
      expect(found).to.deep.equal(Object.fromEntries(wanted));
      expect(files).to.have.lengthOf(wanted.length);
    });
  }

  const ASSETS = {
    ".dot": "app/assets/.dot",
    "1.js": "app/assets/1.js",
    "1.map": "app/assets/1.map",
    "deep/2.js": "app/assets/deep/2.js",
    "deep/er/3.js": "app/assets/deep/er/3.js",
    "file-link": "other/secret",
  };
  for (const [fields, expected] of [
    // A single file is in a folder at the root, too.
    ['[{ source = "assets", destination = "/" }, "a.txt"]', { ...ASSETS, "a.txt": "app/a.txt" }],
    [
      '["assets/deep", { source = "a.txt", destination = "assets/deep/b" }]',
      {
        "assets/deep/2.js": "app/assets/deep/2.js",
        "assets/deep/er/3.js": "app/assets/deep/er/3.js",
        "assets/deep/b": "app/a.txt",
      },
    ],
    ['[{ source = "a.txt", destination = "1.js" }, { source = "assets", destination = "/" }]', ASSETS],
    [
      '[{ source = "assets", destination = "/" }, { source = "a.txt", destination = "1.js" }]',
      { ...ASSETS, "1.js": "app/a.txt" },
    ],
    // Two folders at one place, and one within the other.
    [
      '[{ source = "assets/folder-link", destination = "/x" }, { source = "assets/deep", destination = "/x" }]',
      { "x/secret": "other/secret", "x/2.js": "app/assets/deep/2.js", "x/er/3.js": "app/assets/deep/er/3.js" },
    ],
    [
      '[{ source = "assets", destination = "/" }, { source = "assets/folder-link", destination = "/deep" }]',
      { ...ASSETS, "deep/secret": "other/secret" },
    ],
    [
      '[{ source = "assets/folder-link", destination = "/deep" }, { source = "assets", destination = "/" }]',
      { ...ASSETS, "deep/secret": "other/secret" },
    ],
    // What does not meet stays whole.
    [
      '[{ source = "assets", destination = "/" }, { source = "assets/folder-link", destination = "/more" }]',
      { "/": "app/assets", "/more": "other" },
    ],
    ['["assets/deep", "a.txt"]', { "/assets/deep": "app/assets/deep", "a.txt": "app/a.txt" }],
  ] as const) {
    it(`shows all of ${fields}`, async () => {
      const { components } = await lock(`files = ${fields}`);
      const found = new Map((components[0]?.files ?? []).map(({ path, content }) => [path, content]));
      const wanted = Object.entries(expected).map(([path, place]) => [path, { kind: "file", path: join(root, place) }]);
      expect(Object.fromEntries(found)).to.deep.equal(Object.fromEntries(wanted));
    });
  }

  for (const [title, fields, message, code] of [
    ["a file that is not there", 'files = ["none.txt"]', '"none.txt" is not in the folder of spin.toml', "MISSING"],
    ["a folder that is not there", 'files = [{ source = "none", destination = "/" }]', '"none" is not in', "MISSING"],
    ["a file above the folder", 'files = ["../other/secret"]', '"../other/secret" leads out of the folder', "INVALID"],
    ["a destination above the root", 'files = [{ source = "assets", destination = "/../x" }]', "leads out", "INVALID"],
    ["a file as the root", 'files = [{ source = "a.txt", destination = "/" }]', "is the root", "INVALID"],
    ["a pattern that is none", 'files = ["assets/[a"]', '"assets/[a" is no pattern', "INVALID"],
    ["an exclusion that is none", 'files = ["assets"]\nexclude_files = ["a**"]', '"a**" is no pattern', "INVALID"],
    ["too many patterns", `files = [${'"a.txt",'.repeat(1025)}]`, "more than 1024", "INVALID"],
    ["a long pattern", `files = ["${"a".repeat(4097)}"]`, "longer than 4096", "INVALID"],
    ["dependencies", '[component.c.dependencies]\n"a:b" = "1"', 'its dependency "a:b"', "UNSUPPORTED"],
  ] as const) {
    it(`refuses ${title}`, async () => {
      await expectRefusal(lock(fields), message, code);
    });
  }

  for (const [source, message, code] of [
    ['"none.wasm"', 'Cannot use component "c": its source "none.wasm" is not there: build it', "MISSING"],
    ['"assets"', 'its source "assets" is no file', "MISSING"],
    ['"assets/outside"', 'its source "assets/outside" is not there', "MISSING"],
    ['"device"', '"device" is not there', "MISSING"],
    [`"${"a/".repeat(3000)}"`, "Cannot read", "MISSING"],
    ['{ url = "https://x.test/a.wasm", digest = "sha256:0" }', "put that file beside spin.toml", "UNSUPPORTED"],
    ['{ package = "a:b", version = "1.0.0" }', 'the package "a:b" of a registry: push', "UNSUPPORTED"],
  ] as const) {
    it(`refuses the source ${source.slice(0, 40)}`, async () => {
      await expectRefusal(lock("", source), message, code);
    });
  }
});

async function expectRefusal(locking: Promise<unknown>, message: string, code: string): Promise<void> {
  const failure: unknown = await locking.catch((error: unknown) => error);
  expect(String(failure)).to.include(message);
  expect(failure).to.have.property("code", code);
}

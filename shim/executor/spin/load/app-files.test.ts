import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { findApp, openApp } from "./open-app.ts";

describe("FolderAppFiles", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "app-files-"));
    for (const folder of ["assets/sub", "more"]) mkdirSync(join(root, folder), { recursive: true });
    for (const [name, text] of [
      ["app.wasm", ""],
      ["config.json", "single"],
      ["assets/index.html", "of assets"],
      ["assets/sub/a", "of assets"],
      ["assets/config.json", "of assets"],
      ["more/a", "of more"],
    ] as const) {
      writeFileSync(join(root, name), text);
    }
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  /** Guest paths of the folders, and in each of them the files with their text. */
  async function seen(files: string): Promise<object> {
    const head = 'spin_manifest_version = 2\n[application]\nname = "app"\n[component.c]\nsource = "app.wasm"\n';
    writeFileSync(join(root, "spin.toml"), `${head}files = ${files}\n`);
    using open = await openApp(findApp(root), "/");
    const [component] = open.app.components;
    const folders = component === undefined ? [] : await open.foldersOf(component);
    return Object.fromEntries(folders.map(({ guestPath, hostPath }) => [guestPath, textsIn(hostPath)]));
  }

  it("shows a folder and a single file at the root, and of two for one path the later", async () => {
    expect(await seen('[{ source = "assets", destination = "/" }, "config.json"]')).to.deep.equal({
      "/": { "index.html": "of assets", "sub/a": "of assets", "config.json": "single" },
    });
    expect(await seen('["config.json", { source = "assets", destination = "/" }]')).to.deep.equal({
      "/": { "index.html": "of assets", "sub/a": "of assets", "config.json": "of assets" },
    });
  });

  it("shows two folders, one of which has a place for the other", async () => {
    expect(await seen('["assets", { source = "more", destination = "/assets/sub" }]')).to.deep.equal({
      "/": { "assets/index.html": "of assets", "assets/sub/a": "of more", "assets/config.json": "of assets" },
    });
  });

  it("mounts folders as a whole where nothing meets", async () => {
    expect(Object.keys(await seen('["assets", "more"]'))).to.deep.equal(["/assets", "/more"]);
  });
});

function textsIn(folder: string): object {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
    }),
  );
}

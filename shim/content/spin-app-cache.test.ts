import { spawn, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Descriptor } from "./layer-cache.ts";
import { spinAppFolder, type SpinApp, type SpinCaches } from "./spin-app-cache.ts";

const LONG_AGO = 1;

describe("spinAppFolder()", () => {
  let top: string;
  let caches: SpinCaches;
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "spin-apps-"));
    caches = {
      layers: { folder: join(top, "layers"), maxBytes: 2 ** 30 },
      apps: { folder: join(top, "apps"), maxBytes: 2 ** 30 },
    };
  });
  afterEach(() => {
    rmSync(top, { recursive: true });
  });

  it("lays an application out: locked application, content, archives, files of components", async () => {
    const made = application({ "web/static/a.txt": "text a", "web/b.txt": "" }, ["archive"]);
    const folder = await spinAppFolder(caches, made.app, made.read);
    function read(...path: readonly string[]): string {
      return readFileSync(join(folder, ...path), "utf8");
    }
    expect(read("spin.json")).to.equal(made.locked);
    expect(read("assets/web/static/a.txt")).to.equal("text a");
    expect(read("assets/web/b.txt")).to.equal("");
    expect(read("content", hexOf("component"))).to.equal("component");
    expect(read("archives", hexOf("archive"))).to.equal("archive");
    const layer = statSync(join(top, "layers", `sha256-${hexOf("text a")}`));
    expect(statSync(join(folder, "assets/web/static/a.txt")).ino).to.equal(layer.ino);
    expect(statSync(join(top, "apps")).mode & 0o777).to.equal(0o700);
    const modes = readdirSync(folder, { recursive: true, withFileTypes: true }).map(
      (entry) => [entry.isFile(), statSync(join(entry.parentPath, entry.name)).mode & 0o777] as const,
    );
    expect(new Set(modes.map(String))).to.deep.equal(new Set(["true,292", "false,493"])); // 0444 and 0755.
  });

  it("makes it once, also if many ask at once", async () => {
    const made = application({ "web/a": "a" });
    const asked = Array.from({ length: 20 }, async () => spinAppFolder(caches, made.app, made.read));
    expect(new Set(await Promise.all(asked)).size).to.equal(1);
    const [folder = ""] = await Promise.all(asked);
    const { ino } = statSync(folder);
    await spinAppFolder(caches, made.app, () => chunksOf("never asked for"));
    expect(statSync(folder).ino).to.equal(ino);
    expect(readdirSync(join(top, "apps"))).to.deep.equal([folderName(made.app)]);
  });

  it("keeps nothing of what is corrupt", async () => {
    const made = application({ "web/a": "a" });
    const failure = await spinAppFolder(caches, made.app, () => chunksOf("something else")).catch(String);
    expect(failure).to.include("what containerd has of it is something else");
    const hostile = application({ "../a": "a" });
    expect(await spinAppFolder(caches, hostile.app, hostile.read).catch(String)).to.include("..");
    expect(readdirSync(join(top, "apps"))).to.deep.equal([]);
  });

  it("copies a file that can have no more names, as somebody else's application may bring about", async () => {
    const first = application({ "web/a": "a" });
    const shared = join(await spinAppFolder(caches, first.app, first.read), "content", hexOf("component"));
    mkdirSync(join(top, "names"));
    useUpNames(shared, join(top, "names"));
    const second = application({ "web/b": "b" });
    const folder = await spinAppFolder(caches, second.app, second.read);
    expect(readFileSync(join(folder, "content", hexOf("component")), "utf8")).to.equal("component");
    expect(statSync(join(folder, "content", hexOf("component"))).mode & 0o777).to.equal(0o444);
  });

  it("keeps nothing where the disk is full, and makes it once there is room", async () => {
    const made = application({ "web/a": "a".repeat(100_000) });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "rcm-test", top]);
    try {
      const failure: unknown = await spinAppFolder(caches, made.app, made.read).catch((error: unknown) => error);
      expect(failure).to.have.property("code", "ENOSPC");
      expect(readdirSync(join(top, "apps"))).to.deep.equal([]);
      execFileSync("mount", ["-o", "remount,size=1m", top]);
      expect(statSync(await spinAppFolder(caches, made.app, made.read)).isDirectory()).to.equal(true);
    } finally {
      execFileSync("umount", [top]);
    }
  });

  it("deletes what was longest unused and remains of what was cut off, but nothing just used, nothing mounted", async () => {
    const titles = ["old", "mounted", "recent"];
    const folders = new Map<string, string>();
    for (const title of titles) {
      const { app, read } = application({ [`${title}/file`]: title });
      folders.set(title, await spinAppFolder(caches, app, read));
    }
    const part = join(top, "apps/x.part");
    mkdirSync(part);
    for (const path of [folders.get("old"), folders.get("mounted"), part]) utimesSync(path ?? "", LONG_AGO, LONG_AGO);
    mkdirSync(join(top, "place"));
    const script = 'mount --bind "$1" "$2" && echo mounted && exec cat';
    const args = ["--mount", "sh", "-c", script, "sh", folders.get("mounted") ?? "", join(top, "place")];
    const container = spawn("unshare", args, { stdio: ["pipe", "pipe", "inherit"] });
    await once(container.stdout, "data");
    const { app, read } = application({ "last/file": "last" });
    const last = await spinAppFolder({ ...caches, apps: { ...caches.apps, maxBytes: 1 } }, app, read);
    const left = readdirSync(join(top, "apps")).map((name) => join(top, "apps", name));
    expect(left).to.have.members([folders.get("mounted"), folders.get("recent"), last]);
    container.kill("SIGKILL");
    await once(container, "close");
    rmSync(last, { recursive: true });
    await spinAppFolder({ ...caches, apps: { ...caches.apps, maxBytes: 1 } }, app, read);
    expect(readdirSync(join(top, "apps"))).to.have.length(2);
  });
});

/** An application of components that have these files. */
function application(
  files: Readonly<Record<string, string>>,
  archives: readonly string[] = [],
): {
  readonly app: SpinApp;
  readonly locked: string;
  read(this: void, layer: Descriptor): AsyncIterable<Uint8Array>;
} {
  const ids = new Set(Object.keys(files).map((path) => path.split("/")[0] ?? ""));
  const components = [...ids].map((id) => ({
    id: id === ".." ? "hostile" : id,
    source: { digest: digestOf("component") },
    files: Object.entries(files)
      .filter(([path]) => path.startsWith(`${id}/`))
      .map(([path, text]) => ({ path: id === ".." ? path : path.slice(id.length + 1), digest: digestOf(text) })),
  }));
  const locked = JSON.stringify({ components });
  const blobs = new Map(
    ["component", locked, ...Object.values(files), ...archives].map((text) => [digestOf(text), text]),
  );
  return {
    app: {
      digest: digestOf(`manifest of ${locked}`),
      artifact: {
        app: describeBlob(locked),
        content: ["component", ...Object.values(files)].map((text) => describeBlob(text)),
        archives: archives.map((text) => describeBlob(text)),
      },
    },
    locked,
    read: ({ digest }) => chunksOf(blobs.get(digest) ?? ""),
  };
}

/** As many as ext4 has for a file. */
function useUpNames(file: string, folder: string): void {
  try {
    for (let count = 0; count < 65_000; count += 1) linkSync(file, join(folder, String(count)));
  } catch (error) {
    expect(error).to.have.property("code", "EMLINK");
  }
}

function folderName({ digest }: SpinApp): string {
  return digest.replace(":", "-");
}

function describeBlob(text: string): Descriptor {
  return { mediaType: "m", digest: digestOf(text), size: text.length };
}

function digestOf(text: string): string {
  return `sha256:${hexOf(text)}`;
}

function hexOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

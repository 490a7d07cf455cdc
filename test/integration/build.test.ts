import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { Parser, x as extract } from "tar";

const ROOT = dirname(dirname(import.meta.dirname));
const BUILD = join(ROOT, "scripts/build");
/** With nothing in the cache a build downloads some 130 MB and packs them. */
const COLD_BUILD_MS = 600_000;
const IMAGES = ["manager", "node-installer"];
const ARCHITECTURES = ["amd64", "arm64"];
const ARCHIVES = IMAGES.flatMap((image) => ARCHITECTURES.map((architecture) => `${image}-${architecture}`));
/** e_machine: https://gabi.xinuos.com/elf/a-emachine.html */
const ELF_MACHINES: Readonly<Record<string, number>> = { amd64: 62, arm64: 183 };

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Blob {
  readonly digest: string;
}

interface Entry {
  readonly path: string;
  readonly type: string;
  readonly owner: string;
  readonly mode: number;
  readonly modifiedMs: number;
  /** The first bytes of a file. */
  readonly head: Buffer;
}

describe("scripts/build", () => {
  const work = temporaryFolder("rcm-build-");

  before(async function buildAll() {
    this.timeout(COLD_BUILD_MS);
    const { code, stderr } = await run(BUILD, "images", "--out", join(work.path, "out"), "--tag", "1.2.3");
    expect(code, stderr).to.equal(0);
    for (const archive of ARCHIVES) {
      const folder = join(work.path, archive);
      await mkdir(folder);
      await extract({ file: join(work.path, "out", `${archive}.tar`), cwd: folder });
    }
  });

  it("names each image and its platform where containerd, skopeo and Docker look", async () => {
    for (const image of IMAGES) {
      for (const architecture of ARCHITECTURES) {
        const folder = join(work.path, `${image}-${architecture}`);
        const { manifests } = await readJson<{ manifests: object[] }>(folder, "index.json");
        const [forDocker] = await readJson<{ RepoTags: string[] }[]>(folder, "manifest.json");
        const name = `localhost/rcm/${image}:1.2.3`;
        expect(manifests).to.have.lengthOf(1);
        expect(manifests[0]).to.deep.include({
          platform: { architecture, os: "linux" },
          annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": "1.2.3" },
        });
        expect(forDocker?.RepoTags).to.deep.equal([name]);
      }
    }
  });

  it("stores each blob under its digest, and each layer's content under its diff id", async () => {
    for (const archive of ARCHIVES) {
      const blobs = join(work.path, archive, "blobs/sha256");
      for (const name of await readdir(blobs)) expect(sha256(await readFile(join(blobs, name)))).to.equal(name);
      const { layers, config } = await readImage(join(work.path, archive));
      const diffIds = await Promise.all(
        layers.map(async (file) => `sha256:${sha256(gunzipSync(await readFile(file)))}`),
      );
      expect(config.rootfs.diff_ids).to.deep.equal(diffIds);
    }
  });

  it("shares all layers but the program's between both images of an architecture", async () => {
    for (const architecture of ARCHITECTURES) {
      const digests = await Promise.all(
        IMAGES.map(async (image) => (await readImage(join(work.path, `${image}-${architecture}`))).digests),
      );
      const [manager = [], installer = []] = digests;
      expect(manager).to.have.lengthOf(3);
      expect(manager.slice(0, 2)).to.deep.equal(installer.slice(0, 2));
      expect(manager[2]).to.not.equal(installer[2]);
    }
  });

  it("runs the program as nobody", async () => {
    for (const image of IMAGES) {
      const { config } = await readImage(join(work.path, `${image}-amd64`));
      expect(config.config.User).to.equal("65532:65532");
      expect(config.config.Entrypoint.at(-1)).to.equal(`/app/${image}.mjs`);
    }
  });

  it("packs no program but Node and the loader, nothing set-uid, nothing dated", async () => {
    for (const archive of ARCHIVES) {
      const entries = await readEntries(join(work.path, archive));
      const programs = entries.filter(({ type, mode }) => type === "File" && (mode & 0o111) !== 0);
      expect(programs.map(({ path }) => path.replace(/ld-linux-.*/, "ld"))).to.have.members([
        "usr/bin/node",
        archive.endsWith("amd64") ? "usr/lib64/ld" : "usr/lib/ld",
      ]);
      expect(entries.filter(({ mode }) => (mode & 0o6000) !== 0)).to.deep.equal([]);
      expect(new Set(entries.map(({ modifiedMs }) => modifiedMs))).to.deep.equal(new Set([0]));
      const owned = entries.filter(({ owner }) => owner !== "0:0");
      expect(owned.map(({ path, owner }) => [path, owner])).to.deep.equal([["home/nonroot/", "65532:65532"]]);
    }
  });

  it("packs machine code of the image's architecture", async () => {
    for (const archive of ARCHIVES) {
      const entries = await readEntries(join(work.path, archive));
      const elf = entries.filter(({ head }) => head.toString("latin1", 1, 4) === "ELF");
      const wanted = ELF_MACHINES[archive.slice(-5)];
      expect(elf.length).to.be.greaterThan(7); // Node, the loader, libc, libm, libstdc++, ...
      expect(new Set(elf.map(({ head }) => head.readUInt16LE(18)))).to.deep.equal(new Set([wanted]));
    }
  });

  it("says what the image is made of", async () => {
    const { layers, config } = await readImage(join(work.path, "manager-amd64"));
    const { stdout } = await run("tar", "-xzOf", layers.at(-1) ?? "", "usr/share/sbom/manager.cdx.json");
    const { components } = JSON.parse(stdout) as { components: { purl: string }[] };
    const kinds = new Set(components.map(({ purl }) => purl.split("/", 1)[0]));
    expect(kinds).to.deep.equal(new Set(["pkg:generic", "pkg:deb", "pkg:npm"]));
    expect(config.config.Labels["runtime.spinkube.dev/debian-packages"]).to.match(/(^| )libc6=\d/);
  });

  it("gives the same bytes when every layer is packed anew, elsewhere", async function packAnew() {
    this.timeout(COLD_BUILD_MS);
    const cache = join(work.path, "cache/images");
    const downloads = '"${RCM_CACHE:-/var/cache/rcm}"/images';
    await mkdir(cache, { recursive: true });
    await run("sh", "-c", `cp -a ${downloads}/node-*-x64-* ${downloads}/debian-*-amd64 "$1"`, "sh", cache);
    const out = join(work.path, "again");
    const environment = `RCM_CACHE=${dirname(cache)}`;
    const { code, stderr } = await run(
      "env",
      environment,
      BUILD,
      "images",
      "--out",
      out,
      "--tag",
      "1.2.3",
      "--arch",
      "amd64",
    );
    expect(code, stderr).to.equal(0);
    expect((await readdir(cache)).filter((name) => name.startsWith("layer-"))).to.have.lengthOf(2);
    for (const image of IMAGES) {
      const [first, second] = await Promise.all(
        ["out", "again"].map(async (folder) => sha256(await readFile(join(work.path, folder, `${image}-amd64.tar`)))),
      );
      expect(second).to.equal(first);
    }
  });

  it("packs programs that start without anything but their own image", async () => {
    const { version } = await readJson<{ version: string }>(ROOT, "manager/package.json");
    for (const image of IMAGES) {
      const { layers, config } = await readImage(join(work.path, `${image}-amd64`));
      const root = join(work.path, `root-${image}`);
      await mkdir(root);
      for (const layer of layers) await run("tar", "-xzpf", layer, "-C", root);
      const [program = "", ...args] = config.config.Entrypoint;
      const { code, stdout, stderr } = await run(
        "chroot",
        "--userspec=65532:65532",
        root,
        program,
        ...args,
        "--version",
      );
      expect({ code, stdout: stdout.trim(), stderr }).to.deep.equal({ code: 0, stdout: version, stderr: "" });
    }
  });

  for (const { image, args, words } of [
    { image: "manager", args: ["--installer-image=i", "--namespace=n", "--kubeconfig=/none"], words: "open '/none'" },
    { image: "node-installer", args: ["verify", "--name", "demo-v1"], words: "SystemdUnavailable: " },
  ]) {
    it(`packs what ${image} loads on demand`, async () => {
      const { config } = await readImage(join(work.path, `${image}-amd64`));
      const [program = "", ...rest] = config.config.Entrypoint;
      const root = join(work.path, `root-${image}`); // Unpacked by the test before.
      const { code, stdout } = await run("chroot", "--userspec=65532:65532", root, program, ...rest, ...args);
      expect(code, stdout).to.equal(1);
      expect(stdout).to.include(words);
    });
  }

  for (const { flags, message } of [
    { flags: ["--only", "shim"], message: 'Cannot use "--only shim": it takes some of manager,node-installer' },
    { flags: ["--arch", "amd64,s390x"], message: 'Cannot use "--arch s390x": it takes some of amd64,arm64' },
    { flags: ["--tag", "a/b"], message: 'Cannot use "--tag a/b": it takes what matches ' },
    { flags: ["--fast"], message: "Cannot read the flags: Unknown option '--fast'" },
  ]) {
    it(`refuses ${flags.join(" ")}`, async () => {
      const { code, stderr } = await run(BUILD, ...flags);
      expect(code).to.equal(1);
      expect(stderr.slice(0, message.length)).to.equal(message);
    });
  }
});

describe("scripts/pack-shim.ts", () => {
  const work = temporaryFolder("rcm-pack-shim-");
  const source = join(ROOT, "scripts/build"); // Any file will do.

  async function pack(file: string, ...flags: string[]): Promise<Finished> {
    const program = join(ROOT, "scripts/pack-shim.ts");
    return await run(process.execPath, program, "--out", join(work.path, file), "--source", source, ...flags);
  }

  it("packs one executable file, with the same bytes each time, and prints their sha256", async () => {
    const first = await pack("one.tar.gz", "--name", "containerd-shim-demo-v2");
    await pack("two.tar.gz", "--name", "containerd-shim-demo-v2");
    const bytes = await readFile(join(work.path, "one.tar.gz"));
    expect(first.stdout).to.equal(`${sha256(bytes)}  ${join(work.path, "one.tar.gz")}\n`);
    expect(sha256(await readFile(join(work.path, "two.tar.gz")))).to.equal(sha256(bytes));
    const [entry, ...others] = await readLayer(join(work.path, "one.tar.gz"));
    expect(others).to.deep.equal([]);
    expect(entry).to.include({ path: "containerd-shim-demo-v2", type: "File", mode: 0o755, owner: "0:0" });
    const { stdout } = await run("tar", "-xzOf", join(work.path, "one.tar.gz"));
    expect(stdout).to.equal(await readFile(source, "utf8"));
  });

  it("packs a variant with another digest", async () => {
    const plain = await pack("plain.tar.gz", "--name", "containerd-shim-demo-v2");
    const variant = await pack("variant.tar.gz", "--name", "containerd-shim-demo-v2", "--variant", "2");
    expect(variant.code).to.equal(0);
    expect(variant.stdout.slice(0, 64)).to.not.equal(plain.stdout.slice(0, 64));
  });

  it("refuses a name that containerd would not look for", async () => {
    const { code, stderr } = await pack("bad.tar.gz", "--name", "../shim");
    expect(code).to.equal(1);
    expect(stderr).to.equal('Cannot pack shim "../shim": its name is not containerd-shim-<x>-v<n>\n');
  });
});

/** A folder for the tests of one suite, there while they run. */
function temporaryFolder(prefix: string): { readonly path: string } {
  const folder = { path: "" };
  before(async () => {
    folder.path = await mkdtemp(join(tmpdir(), prefix));
  });
  after(async () => {
    await rm(folder.path, { recursive: true, force: true });
  });
  return folder;
}

async function run(program: string, ...args: string[]): Promise<Finished> {
  const limits = { timeout: COLD_BUILD_MS, maxBuffer: 64 << 20 };
  const failed = await promisify(execFile)(program, args, limits).catch((reason: unknown) => reason as Finished);
  return { code: 0, ...failed };
}

async function readJson<Value>(folder: string, path: string): Promise<Value> {
  return JSON.parse(await readFile(join(folder, path), "utf8")) as Value;
}

interface Image {
  readonly digests: readonly string[];
  /** Paths of the layers' blobs. */
  readonly layers: readonly string[];
  readonly config: {
    readonly config: {
      readonly User: string;
      readonly Entrypoint: readonly string[];
      readonly Labels: Readonly<Record<string, string>>;
    };
    readonly rootfs: { readonly diff_ids: readonly string[] };
  };
}

async function readImage(folder: string): Promise<Image> {
  const { manifests } = await readJson<{ manifests: Blob[] }>(folder, "index.json");
  const manifest = await readJson<{ config: Blob; layers: Blob[] }>(folder, blobPath(manifests[0]));
  return {
    digests: manifest.layers.map(({ digest }) => digest),
    layers: manifest.layers.map((layer) => join(folder, blobPath(layer))),
    config: await readJson<Image["config"]>(folder, blobPath(manifest.config)),
  };
}

function blobPath(blob: Blob | undefined): string {
  return join("blobs", (blob?.digest ?? "").replace(":", "/"));
}

async function readEntries(folder: string): Promise<Entry[]> {
  const { layers } = await readImage(folder);
  return (await Promise.all(layers.map(readLayer))).flat();
}

async function readLayer(file: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const parser = new Parser({
    onReadEntry: (entry) => {
      const head: Buffer[] = [];
      entry.on("data", (chunk: Buffer) => head.push(chunk.subarray(0, 64)));
      entry.on("end", () => {
        const { path, type, uid = -1, gid = -1, mode = -1, mtime } = entry;
        const owner = `${String(uid)}:${String(gid)}`;
        const modifiedMs = mtime?.getTime() ?? -1;
        entries.push({ path, type, owner, mode, modifiedMs, head: Buffer.concat(head.slice(0, 1)) });
      });
    },
  });
  const bytes = gunzipSync(await readFile(file));
  const parsed = once(parser, "end");
  parser.end(bytes);
  await parsed;
  return entries;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

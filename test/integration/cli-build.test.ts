import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { x as extract, t as list } from "tar";

const ROOT = join(import.meta.dirname, "../..");
/** With nothing in the cache a build downloads some 100 MB. */
const COLD_BUILD_MS = 600_000;

interface Plugin {
  readonly packages: readonly { readonly arch: string; readonly url: string; readonly sha256: string }[];
}

describe("scripts/build cli", function suite() {
  this.timeout(COLD_BUILD_MS);
  let work = "";
  let version = "";
  before(async () => {
    work = await mkdtemp(join(tmpdir(), "rcm-cli-build-"));
    const manifest = JSON.parse(await readFile(join(ROOT, "cli/package.json"), "utf8")) as { version: string };
    ({ version } = manifest);
    await build("out");
  });
  after(async () => {
    await rm(work, { recursive: true, force: true });
  });

  async function build(folder: string, ...flags: readonly string[]): Promise<void> {
    const places = ["--cli-out", join(work, folder), "--cli-base-url", "https://plugins.example/v1/"];
    await promisify(execFile)(join(ROOT, "scripts/build"), ["cli", ...places, ...flags]);
  }

  it("writes an archive for each architecture, its licences, and the manifest of the plug-in", async () => {
    const files = ["kube", "kubectl-shim"].flatMap((program) =>
      ["aarch64", "amd64"].flatMap((arch) =>
        ["tar.gz", "licenses.txt"].map((end) => `${program}-linux-${arch}.${end}`),
      ),
    );
    expect((await readdir(join(work, "out"))).toSorted()).to.deep.equal([...files, "kube.json"].toSorted());
    const manifest = JSON.parse(await readFile(join(work, "out/kube.json"), "utf8")) as Plugin;
    expect(manifest).to.include({ name: "kube", version, spinCompatibility: ">=2.3.1", license: "Apache-2.0" });
    const packages = ["amd64", "aarch64"].map(async (arch) => ({
      os: "linux",
      arch,
      url: `https://plugins.example/v1/kube-linux-${arch}.tar.gz`,
      sha256: await digest(join(work, `out/kube-linux-${arch}.tar.gz`)),
    }));
    expect(manifest.packages).to.deep.equal(await Promise.all(packages));
  });

  it("packs one executable file, for that architecture", async () => {
    for (const [program, arch, machine] of [
      ["kube", "amd64", 0x3e],
      ["kube", "aarch64", 0xb7],
      ["kubectl-shim", "amd64", 0x3e],
      ["kubectl-shim", "aarch64", 0xb7],
    ] as const) {
      const file = join(work, `out/${program}-linux-${arch}.tar.gz`);
      const entries: object[] = [];
      await list({ file, onReadEntry: ({ path, type, mode }) => entries.push({ path, type, mode }) });
      expect(entries).to.deep.equal([{ path: program, type: "File", mode: 0o755 }]);
      const folder = await mkdtemp(join(work, `${arch}-`));
      await extract({ file, cwd: folder });
      expect((await readFile(join(folder, program))).readUInt16LE(18)).to.equal(machine);
    }
  });

  it("makes a program that runs without anything else, also what it loads on demand", async () => {
    const folder = await mkdtemp(join(work, "run-"));
    await extract({ file: join(work, "out/kube-linux-amd64.tar.gz"), cwd: folder });
    async function printed(...args: readonly string[]): Promise<string> {
      const { stdout, stderr } = await promisify(execFile)(join(folder, "kube"), [...args], { cwd: folder, env: {} });
      expect(stderr).to.equal("");
      return stdout;
    }
    expect(await printed("version", "-s")).to.equal(`${version}\n`);
    expect(await printed("version", "--short=false", "--server", "https://127.0.0.1:1")).to.equal(
      `Plugin Version: ${version}\n`,
    );
    expect(await printed("scaffold", "-f", "ghcr.io/foo/hello")).to.match(
      /^apiVersion: core\.spinkube\.dev\/v1alpha1\n/,
    );
    const failed: unknown = await printed("list", "--server", "https://127.0.0.1:1").catch((error: unknown) => error);
    expect(failed)
      .to.have.property("stderr")
      .that.matches(/^Error: Cannot list spinapps: .*ECONNREFUSED/);
  });

  it("makes a program that kubectl finds and runs", async () => {
    const folder = await mkdtemp(join(work, "plugin-"));
    await extract({ file: join(work, "out/kubectl-shim-linux-amd64.tar.gz"), cwd: folder });
    const env = { PATH: `${folder}:/usr/local/bin:/usr/bin:/bin` };
    async function kubectl(...args: readonly string[]): Promise<string> {
      return (await promisify(execFile)("kubectl", [...args], { cwd: folder, env })).stdout;
    }
    expect(await kubectl("plugin", "list", "--name-only")).to.match(/^kubectl-shim$/m);
    expect(await kubectl("shim", "--version")).to.equal(`kubectl shim version ${version}\n`);
    const failed: unknown = await kubectl("shim", "status", "--server", "https://127.0.0.1:1").catch(
      (error: unknown) => error,
    );
    expect(failed)
      .to.have.property("stderr")
      .that.matches(/^Error: Cannot list shims: .*ECONNREFUSED/);
  });

  it("gives the same bytes again", async () => {
    await build("again", "--arch", "amd64");
    for (const program of ["kube", "kubectl-shim"]) {
      const [first, again] = ["out", "again"].map((folder) => join(work, folder, `${program}-linux-amd64.tar.gz`));
      expect(await digest(again ?? "")).to.equal(await digest(first ?? ""));
    }
  });
});

async function digest(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
}

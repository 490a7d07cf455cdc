import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { x as extract, t as list } from "tar";
import { parse } from "yaml";

const ROOT = dirname(dirname(import.meta.dirname));
/** With nothing in the cache a build downloads some 130 MB. */
const COLD_BUILD_MS = 600_000;
const NAME = "containerd-shim-spin-v2";
const ARCHITECTURES = { x86_64: "amd64", aarch64: "arm64" };

interface Finished {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

interface Shown {
  readonly argv: readonly string[];
  readonly execArgv: readonly string[];
  readonly execPath: string;
  readonly arch: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Shim {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly fetchStrategy: { readonly platforms: readonly Readonly<Record<string, string>>[] } };
}

describe("scripts/build shim", function suite() {
  this.timeout(60_000); // Twenty processes at once, or another machine's code, on two busy cores.
  const work = { path: "" };

  function archive(machine: string, folder = "out"): string {
    return join(work.path, folder, `${NAME}-linux-${machine}.tar.gz`);
  }

  /** A new folder with nothing but the executable in it. */
  async function unpacked(machine: string): Promise<string> {
    const folder = await mkdtemp(join(work.path, `${machine}-`));
    await extract({ file: archive(machine), cwd: folder });
    return join(folder, NAME);
  }

  before(async function buildBoth() {
    this.timeout(COLD_BUILD_MS);
    work.path = await mkdtemp(join(tmpdir(), "rcm-shim-build-"));
    await build("out");
  });

  after(async () => {
    await rm(work.path, { recursive: true, force: true });
  });

  async function build(folder: string, ...flags: string[]): Promise<void> {
    const places = ["--shim-out", join(work.path, folder), "--shim-base-url", "https://shims.example/v1/"];
    const entry = ["--shim-entry", "test/integration/shim-build-child.ts"];
    const { code, stderr } = await run(join(ROOT, "scripts/build"), "shim", ...places, ...entry, ...flags);
    expect(code, stderr).to.equal(0);
  }

  it("packs one executable file, root's, for each architecture", async () => {
    for (const machine of Object.keys(ARCHITECTURES)) {
      const entries: object[] = [];
      await list({
        file: archive(machine),
        onReadEntry: ({ path, type, mode, uid, gid }) => entries.push({ path, type, mode, uid, gid }),
      });
      expect(entries).to.deep.equal([{ path: NAME, type: "File", mode: 0o755, uid: 0, gid: 0 }]);
    }
  });

  it("writes a Shim with both archives and their digests", async () => {
    const shim = parse(await readFile(join(work.path, "out/shim.yaml"), "utf8")) as Shim;
    const wanted = Object.entries(ARCHITECTURES).map(async ([machine, arch]) => ({
      os: "linux",
      arch,
      location: `https://shims.example/v1/${NAME}-linux-${machine}.tar.gz`,
      sha256: await digest(archive(machine)),
    }));
    expect(shim.metadata.name).to.equal("spin-v2");
    expect(shim.spec.fetchStrategy.platforms).to.deep.equal(await Promise.all(wanted));
  });

  it("writes the digest as sha256sum checks it, and what the executable is made of", async () => {
    for (const machine of Object.keys(ARCHITECTURES)) {
      const sum = await readFile(`${archive(machine)}.sha256`, "utf8");
      expect(sum).to.equal(`${await digest(archive(machine))}  ${NAME}-linux-${machine}.tar.gz\n`);
      const bill = await readFile(archive(machine).replace(".tar.gz", ".cdx.json"), "utf8");
      const { components } = JSON.parse(bill) as { components: { name: string }[] };
      expect(components.map(({ name }) => name)).to.include.members(["node", "libc6", "libstdc++6", "libatomic1"]);
    }
  });

  it("gives the same bytes again", async function buildAgain() {
    this.timeout(COLD_BUILD_MS);
    await build("again", "--arch", "amd64");
    expect(await digest(archive("x86_64", "again"))).to.equal(await digest(archive("x86_64")));
  });

  it("starts where there is nothing but the file and /proc, as anybody once it is unpacked", async () => {
    const shim = await unpacked("x86_64");
    const proc = join(dirname(shim), "proc");
    await mkdir(proc);
    await chmod(dirname(shim), 0o755);
    await run("mount", "-t", "proc", "proc", proc);
    try {
      const first = await run("chroot", dirname(shim), `/${NAME}`, "-v");
      expect(first.stderr).to.equal("");
      expect(shown(first)).to.include({ execPath: `/${NAME}`, arch: "x64" });
      const second = await run("chroot", "--userspec=65532:65532", dirname(shim), `/${NAME}`, "-v");
      expect(shown(second).argv).to.deep.equal(["-v"]);
    } finally {
      await run("umount", proc);
    }
  });

  it("starts as arm64 code too", async () => {
    const result = await run("qemu-aarch64-static", await unpacked("aarch64"), "-v");
    expect(result.stderr).to.equal("");
    expect(shown(result)).to.include({ arch: "arm64" });
  });

  for (const { machine, emulator } of [
    { machine: "x86_64", emulator: [] },
    { machine: "aarch64", emulator: ["qemu-aarch64-static"] },
  ]) {
    it(`carries compiled code that V8 takes: ${machine}`, async () => {
      const shim = await unpacked(machine);
      const executable = await readFile(shim);
      executable.write("--title=shout", executable.lastIndexOf("--no-warnings")); // The warning would be there.
      await writeFile(shim, executable);
      const [program, ...args] = [...emulator, shim, "-v"] as const;
      const result = await run(program, ...args);
      expect(result.stderr).to.equal("");
      expect(shown(result).execArgv).to.include("--title=shout");
      const [, ...argsOfPart] = [...emulator, shim, "part"] as const;
      const part = await run(program, ...argsOfPart);
      expect(part).to.deep.equal({ code: 0, stdout: '["a part"]', stderr: "" });
    });
  }

  it("unpacks its libraries once, for all to read, when twenty start at once", async () => {
    const shim = await unpacked("x86_64");
    const results = await Promise.all(Array.from({ length: 20 }, async () => await run(shim, "-v")));
    expect(results.map(({ code, stderr }) => `${String(code)} ${stderr}`)).to.deep.equal(Array(20).fill("0 "));
    const folder = await libraryFolder(shim);
    const names = await readdir(folder);
    expect(names).to.include.members(["ld-linux-x86-64.so.2", "libc.so.6", "libstdc++.so.6"]);
    expect(names.filter((name) => name.includes(".new-"))).to.deep.equal([]); // No temporary file is left.
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o7777).to.equal(0o755);
  });

  it("unpacks a library again that is missing or cut", async () => {
    const shim = await unpacked("x86_64");
    await run(shim, "-v");
    const folder = await libraryFolder(shim);
    const whole = await digest(join(folder, "libc.so.6"));
    await truncate(join(folder, "libc.so.6"), 1000);
    await rm(join(folder, "libm.so.6"));
    const { code, stderr } = await run(shim, "-v");
    expect(code, stderr).to.equal(0);
    expect(await digest(join(folder, "libc.so.6"))).to.equal(whole);
    expect(await readdir(folder)).to.include("libm.so.6");
  });

  it("says what hinders it from unpacking", async () => {
    const shim = await unpacked("x86_64");
    const readOnly = join(dirname(shim), "read-only");
    await mkdir(readOnly);
    const script = 'mount -t tmpfs tmpfs "$2" && cp "$1" "$2" && mount -o remount,ro "$2" && "$2/$(basename "$1")" -v';
    const { code, stderr } = await run("unshare", "--mount", "sh", "-c", script, "sh", shim, readOnly);
    expect(code).to.equal(1);
    expect(stderr).to.equal(`Cannot make the folder "${join(readOnly, NAME)}.lib": the file system is read-only\n`);
  });

  it("takes no library and no flag from its environment, and leaves LD_LIBRARY_PATH to its children", async () => {
    const shim = await unpacked("x86_64");
    const poison = join(dirname(shim), "poison");
    await mkdir(poison);
    for (const name of ["libstdc++.so.6", "libc.so.6", "libm.so.6"]) await writeFile(join(poison, name), "not ELF");
    const preload = `LD_PRELOAD=${join(poison, "libm.so.6")}`;
    const environment = [`LD_LIBRARY_PATH=${poison}`, preload, "NODE_OPTIONS=--bad", "NODE_DEBUG=net", "OTHER=1"];
    const result = await run("env", "-i", ...environment, shim, "-v");
    expect(result).to.include({ code: 0, stderr: "" });
    expect(shown(result).env).to.deep.equal({ LD_LIBRARY_PATH: poison, OTHER: "1" });
    expect(shown(result).execArgv).to.include("--no-warnings");
  });

  it("runs on, the same process, when its command start has ended", async () => {
    const shim = await unpacked("x86_64");
    const address = join(dirname(shim), "socket");
    const result = await run(shim, "-id", address, "start");
    expect(result).to.deep.equal({ code: 0, stdout: address, stderr: "" });
    const socket = connect(address);
    await once(socket, "connect");
    const pid = await text(socket);
    expect(pid).to.match(/^\d+$/);
  });

  it("takes no argument of a guest for that command", async () => {
    const result = await run(await unpacked("x86_64"), "executor", "--", "start");
    expect(shown(result).env).to.not.have.property("RCM_LAUNCHER_FD");
  });

  for (const { how, code } of [
    { how: "fail", code: 7 },
    { how: "crash", code: 134 },
  ]) {
    it(`ends its command start with ${String(code)} when Node does not come to serving: ${how}`, async () => {
      expect((await run(await unpacked("x86_64"), "-id", how, "start")).code).to.equal(code);
    });
  }
});

async function run(program: string, ...args: string[]): Promise<Finished> {
  const limits = { timeout: COLD_BUILD_MS, maxBuffer: 64 << 20 };
  const failed = await promisify(execFile)(program, args, limits).catch((reason: unknown) => reason as Finished);
  const { stdout, stderr } = failed;
  return { code: "code" in failed ? failed.code : 0, stdout, stderr };
}

function shown({ stdout }: Finished): Shown {
  return JSON.parse(stdout) as Shown;
}

async function libraryFolder(shim: string): Promise<string> {
  const [digestOfAll = "", ...others] = await readdir(`${shim}.lib`);
  expect(others).to.deep.equal([]);
  return join(`${shim}.lib`, digestOfAll);
}

async function digest(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
}

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync } from "node:fs";
import { readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { mount } from "@rcm/shim/linux/mount";
import { Reaper } from "@rcm/shim/linux/reaper";
import { becomeSubreaper } from "@rcm/shim/linux/subreaper";
import { unmountRecursive } from "@rcm/shim/linux/unmount";
import { PreparedComponents, type ComponentPlace } from "@rcm/shim/prepared/prepared-components";
import { executorFiles } from "@rcm/shim/task/executor-files";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { buildGuest } from "../guests/build-guest.ts";
import { installSubject, removeBuiltShim, subjectIsRunc } from "./support/subject.ts";

const OWN_ID = "1900000005";
const PREPARE_MS = 120_000;
const RUNC = { binary: "runc", systemdCgroup: false };
const CHILD = join(import.meta.dirname, "prepare-child.ts");

describe("what prepares components, with a real runc", function realRunc() {
  this.timeout(PREPARE_MS);
  let base: string;
  let program: string;
  let large: string;
  let rust: string;
  let reaper: Reaper;
  let notes: string[];
  let open: PreparedComponents[];

  before(async function build() {
    this.timeout(15 * 60_000);
    if (subjectIsRunc()) this.skip();
    base = mkdtempSync(join(tmpdir(), "rcm-prepared-"));
    program = await installSubject(join(base, "shim"), "");
    execFileSync(program, ["-v"]); // Lays out its libraries.
    [large, rust] = [await buildGuest("js-http"), await buildGuest("rust-http")];
    becomeSubreaper();
    reaper = new Reaper();
    reaper.start();
  });
  beforeEach(() => {
    notes = [];
    open = [];
    for (const folder of ["kept", "run"]) rmSync(join(base, folder), { recursive: true, force: true });
  });
  afterEach(async () => {
    await Promise.all(open.map(async (each) => each.stop()));
    expect(leftIn(join(base, "run"))).to.deep.equal([]);
  });
  after(async () => {
    reaper.stop();
    rmSync(base, { recursive: true });
    await removeBuiltShim();
  });

  function note(message: string, fields?: object): void {
    notes.push(`${message} ${JSON.stringify(fields)}`);
  }

  function components(folder = join(base, "kept")): PreparedComponents {
    const log = { debug: note, info: note, warn: note, error: note };
    const settings = { folder, runFolder: join(base, "run"), maxBytes: 1e9, ...executorFiles(program), reaper, log };
    const made = new PreparedComponents(settings);
    open.push(made);
    return made;
  }

  async function order(prepared: PreparedComponents, file: string): Promise<string> {
    const { order: ordered } = await prepared.look(placeOf(file), []);
    if (ordered === undefined) throw new Error(`There is no order for ${file}: ${notes.join("\n")}`);
    void prepared.prepare(ordered, RUNC);
    return ordered.path;
  }

  async function untilNoted(text: string, times = 1): Promise<void> {
    for (const end = Date.now() + PREPARE_MS; notes.join("\n").split(text).length <= times; await delay(20)) {
      if (Date.now() > end) throw new Error(`Nobody says "${text}": ${notes.join("\n")}`);
    }
  }

  it("has exactly the privileges that it needs", async () => {
    await order(components(), large);
    const pid = await untilRunning(notes);
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    for (const kind of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect(status).to.match(new RegExp(`^${kind}:\t0000000000000000$`, "m"));
    }
    expect(status).to.match(new RegExp(`^Uid:(\t${OWN_ID}){4}$`, "m"));
    expect(status).to.match(new RegExp(`^Gid:(\t${OWN_ID}){4}$`, "m"));
    expect(status).to.match(/^Groups:\t *$/m);
    expect(status).to.match(/^NoNewPrivs:\t1$/m);
    expect(status).to.match(/^Seccomp:\t2$/m);
    expect(status).to.match(/^NSpid:\t\d+\t1$/m);
    expect(readFileSync(`/proc/${pid}/environ`, "utf8"), "of runc").to.equal("HOME=/\0");
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8")).to.equal("1000\n");
    for (const kind of ["net", "pid", "ipc", "uts", "mnt"]) {
      expect(readlinkSync(`/proc/${pid}/ns/${kind}`)).to.not.equal(readlinkSync(`/proc/self/ns/${kind}`));
    }
    const interfaces = readFileSync(`/proc/${pid}/net/dev`, "utf8").split("\n").slice(2);
    expect(interfaces.map((line) => line.split(":")[0]?.trim()).filter((name) => name !== "")).to.deep.equal(["lo"]);
    expect(readFileSync(`/proc/${pid}/limits`, "utf8")).to.match(/^Max file size +268435456 +268435456 /m);
    expect(mountsOf(pid)).to.deep.equal([
      "/ ro",
      "/component.wasm ro",
      "/containerd-shim-spin-v2 ro",
      "/containerd-shim-spin-v2.lib ro",
      "/dev rw",
      "/proc rw",
    ]);
    expect(readlinkSync(`/proc/${pid}/fd/0`)).to.equal("/dev/null");
    expect(readFileSync(`/proc/${pid}/cgroup`, "utf8")).to.match(/:memory:\/.*prepare-|^0::\/.*prepare-/m);
    await untilNoted("Component prepared");
  });

  it("makes what the executor itself makes, owned by root and read-only", async () => {
    const prepared = components();
    const path = await order(prepared, rust);
    await untilNoted("Component prepared");
    const { uid, gid, mode } = statSync(path);
    expect({ uid, gid, mode: mode & 0o7777 }).to.deep.equal({ uid: 0, gid: 0, mode: 0o444 });
    const byHand = execFileSync(program, ["executor", "prepare", rust], { maxBuffer: 1e8 });
    expect(readFileSync(path).equals(byHand)).to.equal(true);
    const digest = `sha256:${createHash("sha256").update(readFileSync(rust)).digest("hex")}`;
    expect(await prepared.look(placeOf(rust), [])).to.deep.equal({ prepared: { digest, file: path } });
    expect(readdirSync(join(base, "kept"))).to.have.length(1);
  });

  it("prepares once what several shims want at once", async () => {
    const [first, second, third] = [components(), components(), components()];
    const paths = await Promise.all([first, second, third].map(async (each) => order(each, rust)));
    expect(new Set(paths).size).to.equal(1);
    await untilNoted("Component prepared", 3);
    expect(readdirSync(join(base, "kept"))).to.have.length(1);
  });

  it("remembers that a component is refused, and says why", async () => {
    const broken = join(base, "broken.wasm");
    writeFileSync(broken, Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), Buffer.alloc(40_000, 99)]));
    const prepared = components();
    const path = await order(prepared, broken);
    await untilNoted("The preparer ended with");
    expect(notes.join("\n")).to.match(/Cannot read the component: at offset 0x/);
    expect(await prepared.look(placeOf(broken), [])).to.deep.equal({});
    expect(readdirSync(join(base, "kept"))).to.deep.equal([`${path.slice(path.lastIndexOf("/") + 1)}.failed`]);
  });

  it("does not take a file that its container has changed for the component", async () => {
    const file = join(base, "app.wasm");
    cpSync(rust, file);
    const prepared = components();
    const { order: ordered } = await prepared.look(placeOf(file), []);
    writeFileSync(file, readFileSync(large));
    if (ordered !== undefined) void prepared.prepare(ordered, RUNC);
    await untilNoted("its file has changed");
    expect(readdirSync(join(base, "kept"))).to.deep.equal([]); // Other containers of the component are not held back.
  });

  it("leaves a disk alone that is nearly full", async () => {
    const small = join(base, "small");
    mkdirSync(small);
    mount({ type: "tmpfs", source: "tmpfs", target: small, options: ["size=64m"] });
    try {
      await order(components(small), rust);
      await untilNoted("less than 1 GiB left");
    } finally {
      unmountRecursive(small);
    }
  });

  it("ends what it has begun when its shim ends", async () => {
    const prepared = components();
    await order(prepared, large);
    const pid = await untilRunning(notes);
    await prepared.stop();
    expect(() => statSync(`/proc/${pid}`)).to.throw("ENOENT");
    expect(readdirSync(join(base, "kept"))).to.deep.equal([]);
  });

  it("takes away what a shim left that was killed in the midst", async () => {
    const args = [CHILD, join(base, "kept"), join(base, "run"), program, large];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
    const pid = await untilRunning(notes);
    await killed(child);
    expect(statSync(`/proc/${pid}`).isDirectory(), "the container goes on").to.equal(true);
    await order(components(), rust);
    await untilNoted("Component prepared");
    expect(() => statSync(`/proc/${pid}`)).to.throw("ENOENT");
  });
});

function placeOf(file: string): ComponentPlace {
  chmodSync(file, 0o644);
  return { kind: "image", open: () => openSync(file, "r") };
}

/** The one process of the preparer's user, once it has become the executor. */
async function untilRunning(notes: readonly string[]): Promise<number> {
  for (const end = Date.now() + PREPARE_MS; Date.now() < end; await delay(5)) {
    const found = readdirSync("/proc").find((name) => /^\d+$/.test(name) && isPreparer(name));
    if (found !== undefined) return Number(found);
  }
  throw new Error(`Nothing is prepared: ${notes.join("\n")}`);
}

function isPreparer(pid: string): boolean {
  try {
    const isOurs = readFileSync(`/proc/${pid}/status`, "utf8").includes(`Uid:\t${OWN_ID}\t`);
    return isOurs && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0prepare\0");
  } catch {
    return false; // It has ended.
  }
}

/** Place and first option of all that is mounted, but for what hides parts of /proc and devices. */
function mountsOf(pid: number): string[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").trim().split("\n");
  const mounts = lines
    .map((line) => line.split(" "))
    .map(([, , , , place = "", options = ""]) => `${place} ${options.slice(0, 2)}`);
  return mounts.filter((line) => !/^\/(?:proc|dev)\//.test(line)).toSorted();
}

async function killed(child: ChildProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  child.once("exit", resolve);
  child.kill("SIGKILL");
  await promise;
}

/** Bundles and states of runc's. */
function leftIn(runFolder: string): string[] {
  return ["bundles", "runc"].flatMap((name) => {
    try {
      return readdirSync(join(runFolder, name));
    } catch {
      return [];
    }
  });
}

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { createLog } from "@rcm/lib/log";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Context } from "../context.ts";
import type { CommandResult } from "../host/links.ts";
import { createSampleHost, type SampleHost } from "../testing/sample-host.ts";
import {
  armBootRestore,
  bootUnit,
  disarmBootRestore,
  disarmScript,
  forgetBootUnit,
  placeBootUnit,
} from "./boot-restore.ts";
import { deadManScript, FIRED_FILE } from "./dead-man.ts";
import { saveFile, sha256, writeJournal, type Journal } from "./journal.ts";

const UNIT = "containerd.service";

describe("the unit that restores at boot", () => {
  let root = "";
  let config = "";
  let folders = { units: "", run: "" };
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "rcm-boot-"));
    config = join(root, "config.toml");
    folders = { units: join(root, "units"), run: join(root, "run") };
    for (const folder of [folders.units, folders.run]) await mkdir(folder);
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  /** What the power failure leaves: the new file, the journal, the unit. */
  async function interrupted(): Promise<Journal> {
    await writeFile(config, "old\n");
    const before = await saveFile(root, config, 0);
    const files = [{ path: config, before, after: sha256(Buffer.from("new\n")) }];
    const link = { before: "/was", after: "/is" };
    const names = {
      id: "0af1",
      shim: "s",
      handler: "h",
      operation: "install",
      phase: "prepared",
      bootId: "b",
    } as const;
    const journal: Journal = { schema: 1, ...names, files, folders: [], link };
    await writeJournal(root, journal);
    await writeFile(config, "new\n");
    await mkdir(join(root, "bin"));
    await symlink("/is", join(root, "bin/containerd-shim-s"));
    sh(placeBootUnit(UNIT, folders), "text\n");
    await rm(folders.run, { recursive: true });
    await mkdir(folders.run);
    return journal;
  }

  /** A systemctl that is called fails the test: it would wait for containerd, and containerd for it. */
  async function boot(journal: Journal): Promise<void> {
    await mkdir(join(root, "path"), { recursive: true });
    await writeFile(join(root, "path/systemctl"), `#!/bin/sh\necho "$@" > ${root}/called\n`, { mode: 0o755 });
    const argv = ["-c", deadManScript({ root }, journal, UNIT, folders), "sh", "boot"];
    execFileSync("/bin/sh", argv, { env: { PATH: `${join(root, "path")}:/usr/bin:/bin` } });
    expect(await readdir(root)).not.to.include("called");
  }

  async function unitFiles(): Promise<readonly string[]> {
    return (await readdir(folders.units, { recursive: true })).toSorted();
  }

  describe("placeBootUnit()", () => {
    it("makes a unit that containerd wants, and keeps it from the present boot", async () => {
      sh(placeBootUnit(UNIT, folders), "it's $HOME %n\n");
      expect(await readFile(join(folders.units, "rcm-restore.service"), "utf8")).to.equal("it's $HOME %n\n");
      const link = join(folders.units, "containerd.service.wants/rcm-restore.service");
      expect(await readlink(link)).to.equal("../rcm-restore.service");
      expect(await readdir(folders.run)).to.deep.equal(["rcm-restore.spent"]);
      sh(placeBootUnit(UNIT, folders), "again\n");
      expect(await readFile(link, "utf8")).to.equal("again\n");
    });

    it("fails and leaves nothing where the link cannot be made", async () => {
      await writeFile(join(folders.units, "containerd.service.wants"), "");
      expect(() => {
        sh(placeBootUnit(UNIT, folders), "text");
      }).to.throw();
      expect(await unitFiles()).to.deep.equal(["containerd.service.wants"]);
    });
  });

  it("leaves what others want when it is forgotten", async () => {
    await mkdir(join(folders.units, "containerd.service.wants"));
    await writeFile(join(folders.units, "containerd.service.wants/other.service"), "");
    sh(placeBootUnit(UNIT, folders), "text");
    sh(`${forgetBootUnit(UNIT, folders)}; true`);
    expect(await unitFiles()).to.deep.equal(["containerd.service.wants", "containerd.service.wants/other.service"]);
  });

  it("is gone for good when it is disarmed, also where the power fails next", async () => {
    sh(placeBootUnit(UNIT, folders), "text");
    const path = join(root, "path");
    await mkdir(path);
    await writeFile(join(path, "sync"), `#!/bin/sh\nls "$1" > ${root}/synced\n`, { mode: 0o755 });
    const argv = ["-c", disarmScript(UNIT, folders)];
    execFileSync("/bin/sh", argv, { env: { PATH: `${path}:/usr/bin:/bin` } });
    expect(await readFile(join(root, "synced"), "utf8")).to.equal("");
    expect([await unitFiles(), await readdir(folders.run)]).to.deep.equal([[], []]);
  });

  it("comes before containerd, which does not need it, and only once in a boot", () => {
    const lines = bootUnit({ root: "/opt/rcm" }, "/opt/rcm/transaction/dead-man.sh", UNIT).split("\n");
    expect(lines).to.include.members([
      "Before=containerd.service shutdown.target",
      "RequiresMountsFor=/opt/rcm",
      "ConditionPathExists=/opt/rcm/transaction/dead-man.sh",
      "ConditionPathExists=!/run/rcm-restore.spent",
      "Type=oneshot",
      "ExecStart=/bin/sh /opt/rcm/transaction/dead-man.sh boot",
    ]);
    expect(lines.filter((line) => /^Required|^Requires=|^BindsTo/.test(line))).to.deep.equal([]);
  });

  describe("the script at boot", () => {
    it("restores file and link, leaves its mark, takes the unit away and starts nothing", async () => {
      const journal = await interrupted();
      await boot(journal);
      await boot(journal);
      expect(await readFile(config, "utf8")).to.equal("old\n");
      expect(await readlink(join(root, "bin/containerd-shim-s"))).to.equal("/was");
      expect(await readdir(root)).to.include(FIRED_FILE);
      expect(await unitFiles()).to.deep.equal([]);
      expect(await readdir(folders.run)).to.deep.equal(["rcm-restore.spent"]);
    });

    it("changes nothing but the unit when the change is over, or another has begun", async () => {
      const journal = await interrupted();
      await writeJournal(root, { ...journal, id: "5c22" });
      await boot(journal);
      await rm(join(root, "journal.json"));
      await boot(journal);
      expect(await readFile(config, "utf8")).to.equal("new\n");
      expect(await readlink(join(root, "bin/containerd-shim-s"))).to.equal("/is");
      expect(await readdir(root)).not.to.include(FIRED_FILE);
      expect(await unitFiles()).to.deep.equal([]);
    });

    it("leaves a file to whoever changed it meanwhile", async () => {
      const journal = await interrupted();
      await writeFile(config, "somebody's\n");
      await boot(journal);
      expect(await readFile(config, "utf8")).to.equal("somebody's\n");
      expect(await unitFiles()).to.deep.equal([]);
    });

    it("keeps the unit for the next boot when it could not restore all", async () => {
      const journal = await interrupted();
      await rm(join(root, "transaction/before-0"));
      await boot(journal);
      expect(await unitFiles()).to.include("rcm-restore.service");
    });
  });

  describe("armBootRestore() and disarmBootRestore()", () => {
    let host: SampleHost;
    beforeEach(async () => {
      host = await createSampleHost();
    });
    afterEach(async () => {
      await host.remove();
    });

    /** What is logged when the host answers so to a command. */
    async function warnings(
      run: Context["links"]["run"],
      restart: Context["restart"],
      signal: AbortSignal,
    ): Promise<readonly string[]> {
      const messages: string[] = [];
      const log = new Writable({
        write: (line: Buffer, _encoding, done) => {
          messages.push((JSON.parse(line.toString()) as { message: string }).message);
          done();
        },
      });
      const links = { ...host.context.links, run };
      const context = { ...host.context, restart, links, log: createLog("test", "warn", log) };
      if (restart === "auto") await armBootRestore(context, "/script", UNIT, signal);
      await disarmBootRestore(context, UNIT, signal);
      return messages;
    }

    it("warn where the host refuses or does not answer, and the change goes on", async () => {
      const expected = ["A boot would not take the change back", "The unit for the next boot stays"];
      const { signal } = new AbortController();
      expect(await warnings(async () => answer(1), "auto", signal)).to.deep.equal(expected);
      expect(await warnings(noAnswer, "auto", signal)).to.deep.equal(expected);
      expect(await warnings(async () => answer(0), "auto", signal)).to.deep.equal([]);
    });

    it("obey who wants to stop before anything is changed", async () => {
      const signal = AbortSignal.abort(new Error("stopped"));
      const reason: unknown = await warnings(noAnswer, "auto", signal).catch((error: unknown) => error);
      expect(reason).to.have.property("message", "stopped");
    });

    it("do nothing to a host on which nothing runs", async () => {
      expect(await warnings(noAnswer, "never", new AbortController().signal)).to.deep.equal([]);
    });
  });
});

function sh(script: string, ...args: readonly string[]): void {
  execFileSync("/bin/sh", ["-c", script, "sh", ...args]);
}

function answer(exitCode: number): CommandResult {
  return { exitCode, stdout: "", stderr: exitCode === 0 ? "" : "Read-only file system" };
}

async function noAnswer(): Promise<never> {
  throw new Error("no answer");
}

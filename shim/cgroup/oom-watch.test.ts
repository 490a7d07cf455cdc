import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { OomWatches, type OomWatch, type Signals } from "./oom-watch.ts";
import type { CgroupPaths } from "./paths.ts";

describe("OomWatches", () => {
  let folder = "";
  let watches: OomWatches;
  let told: string[] = [];
  let signals: ManualSignals;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-oom-"));
    signals = new ManualSignals();
    watches = new OomWatches(() => signals);
    told = [];
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const kinds: readonly (readonly [name: string, file: string, version: 1 | 2])[] = [
    ["version 2", "memory.events", 2],
    ["version 1", "memory.oom_control", 1],
  ];
  for (const [name, file, version] of kinds) {
    it(`tells of each rise in ${name}, and of none from before`, async () => {
      await kills(file, 3);
      const watch = start("a", version);
      expect(watch.check()).to.equal(false);
      await kills(file, 5);
      expect([watch.check(), watch.check()]).to.deep.equal([true, false]);
      await kills(file, 6);
      expect(watch.check()).to.equal(true);
      expect(told).to.deep.equal(["a", "a"]);
      watch.close();
    });
  }

  it("counts from 0 in a cgroup that is made later, and says nothing of one that is gone", async () => {
    const watch = start("a", 2);
    expect(watch.check()).to.equal(false);
    await kills("memory.events", 1);
    expect(watch.check()).to.equal(true);
    await rm(folder, { recursive: true });
    expect(watch.check()).to.equal(false);
    watch.close();
  });

  const endings: readonly (readonly [
    what: string,
    ahead: number,
    late: number,
    wasKilled: boolean,
    isTold: boolean,
  ])[] = [
    ["tells of a kill", 2, 0, true, true],
    ["tells of a kill if the removal is signalled late", 1, 1, true, true],
    ["says nothing if only the removal was signalled", 1, 0, true, false],
    ["says nothing if nothing was signalled", 0, 0, true, false],
    ["waits for nothing if the first process was not killed", 1, 1, false, false],
  ];
  for (const [what, ahead, late, wasKilled, isTold] of endings) {
    it(`${what}, at the end, when the cgroup of version 1 is gone`, async () => {
      await kills("memory.oom_control", 0);
      await writeFile(join(folder, "cgroup.event_control"), "");
      const watch = start("a", 1);
      expect(await readFile(join(folder, "cgroup.event_control"), "utf8")).to.match(/^77 \d+$/);
      await rm(folder, { recursive: true });
      signals.counts = [ahead, 0, late];
      expect(await watch.checkAtEnd(wasKilled)).to.equal(isTold);
      expect(told).to.deep.equal(isTold ? ["a"] : []);
      watch.close();
      expect(signals.isClosed).to.equal(true);
    });
  }

  it("says nothing without a memory controller", () => {
    const watch = watches.watch({ version: 1, folders: new Map() }, () => told.push("a"));
    expect(watch.check()).to.equal(false);
    watch.close();
  });

  it("says nothing more once it is closed", async () => {
    const [one, other] = [start("one", 2), start("other", 2)];
    one.close();
    one.close();
    await kills("memory.events", 1);
    expect([one.check(), other.check()]).to.deep.equal([false, true]);
    expect(told).to.deep.equal(["other"]);
    other.close();
  });

  it("looks by itself once a second, with one timer that keeps no process alive", async () => {
    const timers = timerCount();
    const both = [start("one", 2), start("other", 2)];
    expect(timerCount()).to.equal(timers); // An unref'd timer is not among the resources.
    await kills("memory.events", 1);
    const deadline = Date.now() + 5000;
    while (told.length < 2 && Date.now() < deadline) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
    expect(told).to.deep.equal(["one", "other"]);
    for (const watch of both) watch.close();
  });

  function start(name: string, version: 1 | 2): OomWatch {
    const folders = new Map([["memory", folder]]);
    const paths: CgroupPaths = version === 2 ? { version, folder } : { version, folders };
    return watches.watch(paths, () => told.push(name));
  }

  async function kills(file: string, count: number): Promise<void> {
    await writeFile(join(folder, file), `low 0\nunder_oom 0\noom 9\noom_kill ${String(count)}\n`);
  }
});

/** An eventfd that is signalled by the test. */
class ManualSignals implements Signals {
  readonly fd = 77;
  /** Of each look. */
  counts: number[] = [];
  isClosed = false;

  take(): number {
    return this.counts.shift() ?? 0;
  }

  close(): void {
    this.isClosed = true;
  }
}

function timerCount(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

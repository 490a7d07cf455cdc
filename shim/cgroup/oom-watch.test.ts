import { mkdirSync, rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Signals } from "./oom-notices.ts";
import { OomWatches, type OomWatch } from "./oom-watch.ts";
import type { CgroupPaths } from "./paths.ts";

describe("OomWatches", () => {
  let folder = "";
  let watches: OomWatches;
  let told: string[] = [];
  let problems: unknown[] = [];
  let signals: ManualSignals;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-oom-"));
    signals = new ManualSignals();
    problems = [];
    watches = new OomWatches(
      (onSignal) => {
        signals.onSignal = onSignal;
        return signals;
      },
      (error) => problems.push(error),
    );
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
      for (const count of [5, 6]) {
        await kills(file, count);
        watch.check(); // Unless it was noticed already.
        expect(watch.check()).to.equal(false);
      }
      expect(told).to.deep.equal(["a", "a"]);
      watch.close();
    });
  }

  it("listens to nothing any more when it cannot be made", () => {
    mkdirSync(join(folder, "memory.oom_control"));
    expect(() => start("a", 1)).to.throw("EISDIR");
    expect(signals.isClosed).to.equal(true);
  });

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

  it("looks when the kernel notifies of a change of version 2", async () => {
    await kills("memory.events", 0);
    const both = [start("one", 2), start("other", 2)];
    await kills("memory.events", 1);
    await untilTold(2);
    expect(told.toSorted()).to.deep.equal(["one", "other"]);
    for (const watch of both) watch.close();
  });

  it("looks several times when the kernel signals for version 1, for it kills later", async () => {
    await kills("memory.oom_control", 0);
    await writeFile(join(folder, "cgroup.event_control"), "");
    const watch = start("a", 1);
    for (const count of [1, 2]) {
      signals.onSignal();
      await sleep(30); // Two looks.
      await kills("memory.oom_control", count);
      await untilTold(count);
    }
    await kills("memory.oom_control", 3);
    signals.onSignal();
    watch.close();
    await sleep(30);
    expect(told).to.deep.equal(["a", "a"]);
  });

  for (const [name, file, version] of kinds) {
    it(`tells of what it cannot read after a notice of ${name}, and looks again after the next`, async () => {
      await kills(file, 0);
      await writeFile(join(folder, "cgroup.event_control"), "");
      const watch = start("a", version);
      // At once, before there can be a look: what cannot be read is as good as too many open files.
      rmSync(join(folder, file));
      mkdirSync(join(folder, file));
      if (version === 1) signals.onSignal();
      for (const end = performance.now() + 5000; problems.length === 0 && performance.now() < end;) await sleep(5);
      expect(problems[0]).to.have.property("code", "EISDIR");
      await rm(join(folder, file), { recursive: true });
      await kills(file, 1);
      if (version === 1) await untilTold(1);
      else expect(watch.check()).to.equal(true);
      watch.close();
    });
  }

  it("keeps no process alive, and has no timer while there is no news", async () => {
    await kills("memory.events", 0);
    const resources = process.getActiveResourcesInfo().toSorted();
    const watch = start("a", 2);
    expect(process.getActiveResourcesInfo().toSorted()).to.deep.equal(resources);
    watch.close();
  });

  function start(name: string, version: 1 | 2): OomWatch {
    const folders = new Map([["memory", folder]]);
    const paths: CgroupPaths = version === 2 ? { version, folder } : { version, folders };
    return watches.watch(paths, () => told.push(name));
  }

  async function untilTold(count: number): Promise<void> {
    for (const end = performance.now() + 5000; told.length < count && performance.now() < end;) await sleep(5);
    expect(told).to.have.length(count);
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
  onSignal: () => void = () => expect.fail("nobody listens");

  take(): number {
    return this.counts.shift() ?? 0;
  }

  close(): void {
    this.isClosed = true;
  }
}

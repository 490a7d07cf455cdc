import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleJob, NOW_MS } from "./build-examples.ts";
import { ExpectedJobs } from "./expected-jobs.ts";
import { Overlay } from "./overlay.ts";
import { lastWord } from "./stuck-pods.ts";
import { tryEach } from "./try-each.ts";

describe("Overlay", () => {
  it("shows what was written until the cache holds another object", () => {
    const overlay = new Overlay<{ readonly value: number }>();
    const [before, written, seen] = [{ value: 1 }, { value: 2 }, { value: 2 }];
    overlay.set(before, written);
    expect(overlay.see(before)).to.equal(written);
    expect(overlay.see(seen)).to.equal(seen);
  });
});

function names(jobs: ExpectedJobs, ms = 0): readonly string[] {
  return jobs.current(NOW_MS + ms).map(({ name }) => name);
}

describe("ExpectedJobs", () => {
  it("keeps a Job until the watch shows it, two minutes at most", () => {
    const jobs = new ExpectedJobs();
    jobs.add(exampleJob({ name: "a" }), NOW_MS);
    jobs.add(exampleJob({ name: "b" }), NOW_MS);
    jobs.delete("a");
    expect(names(jobs)).to.deep.equal(["b"]);
    expect([names(jobs, 119_999), names(jobs, 120_000)]).to.deep.equal([["b"], []]);
  });

  it("forgets those that were not made", () => {
    const jobs = new ExpectedJobs();
    jobs.add(exampleJob({ name: "planned", uid: "" }), NOW_MS);
    jobs.add(exampleJob({ name: "other", uid: "" }), NOW_MS);
    jobs.add(exampleJob({ name: "made" }), NOW_MS);
    jobs.dropUnmade(["planned", "made", "unknown"]);
    expect(names(jobs)).to.deep.equal(["other", "made"]);
  });
});

describe("tryEach()", () => {
  it("does the others when one fails, and says which", async () => {
    const done: number[] = [];
    const failed = await tryEach([1, 2, 3, 4], 2, async (item) => {
      if (item === 2) throw new Error("two");
      done.push(item);
    });
    expect(done).to.deep.equal([1, 3, 4]);
    expect(failed.map(({ item, error }) => [item, String(error)])).to.deep.equal([[2, "Error: two"]]);
  });

  it("keeps to its limit", async () => {
    let [now, most] = [0, 0];
    await tryEach(Array.from({ length: 20 }), 3, async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      now -= 1;
    });
    expect(most).to.equal(3);
  });

  it("gives up when everything fails", async () => {
    let tried = 0;
    const failed = await tryEach(Array.from({ length: 50 }), 1, async () => {
      tried += 1;
      throw new Error("no");
    });
    expect([tried, failed.length]).to.deep.equal([5, 50]);
  });
});

describe("lastWord()", () => {
  const mount = { isWarning: true, reason: "FailedMount", message: "read-only", at: "2026-11-24T12:00:05Z" };
  const pulled = { isWarning: false, reason: "Pulled", message: "", at: "2026-11-24T12:00:06.5Z" };

  it("is the newest Event, if that is a warning", () => {
    expect(lastWord([])).to.equal(undefined);
    expect(lastWord([mount, { ...pulled, at: "2026-11-24T12:00:01Z" }])).to.deep.equal({
      reason: "FailedMount",
      message: "read-only",
    });
    expect(lastWord([pulled, mount])).to.equal(undefined);
  });
});

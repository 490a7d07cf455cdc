import { expect } from "chai";
import { describe, it } from "mocha";
import { ago, exampleJob, examplePod } from "./build-examples.ts";
import { newestJob } from "./newest-job.ts";

describe("newestJob()", () => {
  const ended = exampleJob({ name: "ended", hash: "hash-1", attempt: 2, pod: examplePod({ phase: "Succeeded" }) });

  it("is the one that was made last, or of one second the one of the higher attempt", () => {
    const earlier = exampleJob({ name: "earlier", attempt: 9, createdAt: ago(61) });
    const [first, second] = [exampleJob({ name: "first" }), exampleJob({ name: "second", attempt: 2 })];
    for (const jobs of [
      [earlier, second, first],
      [first, second, earlier],
    ]) {
      expect(newestJob(jobs)).to.equal(second);
    }
  });

  it("is the one at work where another spec's ended in the second in which it was made", () => {
    const next = exampleJob({ name: "next", hash: "hash-2", attempt: 1 });
    const planned = exampleJob({ ...next, uid: "", createdAt: ended.createdAt.replace("Z", ".123Z") });
    for (const latest of [next, planned]) {
      expect(newestJob([ended, latest])).to.equal(latest);
      expect(newestJob([latest, ended])).to.equal(latest);
    }
  });
});

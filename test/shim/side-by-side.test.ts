import { expect } from "chai";
import { confinementChapter } from "./chapters/confinement.ts";
import { endsChapter } from "./chapters/ends.ts";
import { execChapter } from "./chapters/exec.ts";
import { outOfMemoryChapter } from "./chapters/out-of-memory.ts";
import { podChapter } from "./chapters/pod.ts";
import { resourcesChapter } from "./chapters/resources.ts";
import { storageChapter } from "./chapters/storage.ts";
import { differences } from "./support/differences.ts";
import { Life, type Chapter, type Step } from "./support/life.ts";
import { describeOnEach } from "./support/shared.ts";
import { subjectIsRunc } from "./support/subject.ts";
import { TaskEvents } from "./support/task-events.ts";

const CHAPTERS: Readonly<Record<string, Chapter>> = {
  "as pods are run and removed": podChapter,
  "as commands, terminals and ports are served": execChapter,
  "as containers end": endsChapter,
  "as memory runs out": outOfMemoryChapter,
  "as containers are confined": confinementChapter,
  "as volumes are mounted": storageChapter,
  "as resources are limited": resourcesChapter,
};

describeOnEach("a life through CRI, beside runc's shim", ({ containerd, it }) => {
  for (const [title, chapter] of Object.entries(CHAPTERS)) {
    it(`is the same step by step and event by event, ${title}`, async () => {
      const events = await TaskEvents.listen(containerd(), "k8s.io");
      try {
        const lives = ["runc", "spin"].map((handler) => new Life(containerd(), handler));
        // All of them to their ends, or one would go on while what it needs is cleared away.
        const ends = await Promise.allSettled(lives.map(chapter));
        for (const end of ends) if (end.status === "rejected") throw end.reason;
        const [expected = [], seen = []] = lives.map(({ steps }) => steps);
        compare(expected, seen);
        const [expectedEvents = [], seenEvents = []] = await Promise.all(
          lives.map(async (life) => eventsOf(life, events)),
        );
        compare(expectedEvents, seenEvents);
      } finally {
        events.stop();
      }
    });
  }
});

/** Container by container, for those of one pod may begin and end at the same time. */
async function eventsOf(life: Life, events: TaskEvents): Promise<readonly Step[]> {
  for (const id of life.sandboxes) {
    const isSaid = await events.saysDeleted(id);
    // The last event of all: of containerd 2.1, runc's shim is sometimes gone before it has sent it.
    if (life.handler === "spin" && !subjectIsRunc()) expect(isSaid, "the sandbox is deleted").to.equal(true);
  }
  return life.containers.map((id, index) => {
    const all = events.of(id).map(({ topic, event }) => ({ topic, event: life.normalised(event) }));
    const isOutOfMemory = all.some(({ topic }) => topic === "/tasks/oom");
    // How often, and whether before the exit or after it, is chance.
    const left = life.sandboxes.includes(id) ? ["/tasks/oom", "/tasks/delete"] : ["/tasks/oom"];
    const ordered = all.filter(({ topic }) => !left.includes(topic));
    return { name: `events of container ${String(index)}`, reply: { isOutOfMemory, ordered } };
  });
}

function compare(expected: readonly Step[], seen: readonly Step[]): void {
  expect(expected).to.have.length.above(1);
  for (const [index, { name, reply }] of expected.entries()) {
    expect(seen[index]?.name, `step ${String(index)}`).to.equal(name);
    expect(differences(reply, seen[index]?.reply), `step ${String(index)}, ${name}`).to.deep.equal([]);
  }
  expect(seen).to.have.length(expected.length);
}

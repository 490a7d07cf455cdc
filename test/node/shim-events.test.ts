import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { EventPublisher } from "@rcm/shim/events/publisher";
import { anyFromEvent, TASK_EVENTS, type TaskTopic } from "@rcm/shim/proto/events";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { tryCommand } from "../cluster/run-command.ts";
import { CONTAINERD_VERSIONS, PrivateContainerd } from "./private-containerd.ts";

/** Debian's, which the events of all versions are readable to. */
const CTR = "/usr/bin/ctr";
const NAMESPACE = "events-test";
const DEADLINE_MS = 30_000;
const AT = new Date();

for (const version of CONTAINERD_VERSIONS) {
  describe(`EventPublisher with containerd ${version}`, () => {
    let containerd: PrivateContainerd;
    let address = "";
    let publisher: EventPublisher;
    let watcher: ChildProcess | undefined;
    let lines: string[] = [];

    before(async () => {
      containerd = await PrivateContainerd.create(version, limit());
      await start();
      // The way to containerd can be cut: nothing arrives before somebody watches.
      address = join(containerd.folder, "way.ttrpc");
      publisher = new EventPublisher({ address, namespace: NAMESPACE });
    });
    after(async () => {
      publisher.close();
      watcher?.kill();
      await containerd.remove(limit());
    });

    async function start(): Promise<void> {
      await containerd.start();
      while ((await ctr("version")).code !== 0) await delay(50, undefined, { signal: limit() });
    }

    async function ctr(...args: string[]): Promise<{ readonly code: number; readonly stderr: string }> {
      return tryCommand([CTR, "-a", containerd.socket, "-n", NAMESPACE, ...args], { timeoutMs: DEADLINE_MS }, limit());
    }

    /** Collects what `ctr events` prints, from the first event on that it is sure to see. */
    async function watch(): Promise<void> {
      const child = spawn(CTR, ["-a", containerd.socket, "-n", NAMESPACE, "events"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      watcher = child;
      lines = [];
      createInterface(child.stdout).on("line", (line) => lines.push(line));
      const probe = new EventPublisher({ address: `${containerd.socket}.ttrpc`, namespace: NAMESPACE });
      while (lines.length === 0) {
        probe.publish("/tasks/oom", anyFromEvent("/tasks/oom", { containerId: "probe" }), AT);
        await delay(50, undefined, { signal: limit() });
      }
      expect(await probe.flush(DEADLINE_MS)).to.equal(0);
      probe.close();
    }

    function publishExit(id: string): void {
      const event = { containerId: id, id, pid: 7, exitStatus: 137, exitedAt: { seconds: 1n, nanos: 2 } };
      publisher.publish("/tasks/exit", anyFromEvent("/tasks/exit", event), AT);
    }

    /** Waits for a number of events that are no probes. */
    async function eventsOf(count: number): Promise<string[]> {
      for (;;) {
        const seen = lines.filter((line) => !line.includes('"probe"'));
        if (seen.length >= count) return seen;
        await delay(20, undefined, { signal: limit() });
      }
    }

    it("is understood: every kind of event arrives", async () => {
      await watch();
      await symlink(`${containerd.socket}.ttrpc`, address);
      const topics = Object.keys(TASK_EVENTS) as TaskTopic[];
      for (const topic of topics) publisher.publish(topic, anyFromEvent(topic, { containerId: "c1" }), AT);
      expect(await publisher.flush(DEADLINE_MS)).to.equal(0);
      const seen = await eventsOf(topics.length);
      expect(seen.map((line) => line.split(" ").slice(4, 6))).to.deep.equal(topics.map((topic) => [NAMESPACE, topic]));
      for (const line of seen) expect(line).to.include('{"container_id":"c1"');
    });

    it("carries the fields of an exit", async () => {
      lines = [];
      publishExit("c2");
      const [line = ""] = await eventsOf(1);
      expect(JSON.parse(line.slice(line.indexOf("{")))).to.deep.equal({
        container_id: "c2",
        id: "c2",
        pid: 7,
        exit_status: 137,
        exited_at: "1970-01-01T00:00:01.000000002Z",
      });
    });

    it("loses nothing and keeps the order when containerd is killed and started again", async () => {
      const ids = Array.from({ length: 2000 }, (_, index) => `e${String(index).padStart(4, "0")}`);
      lines = [];
      // containerd is killed in the midst of them: it has answered the first, and cannot answer the last.
      for (const id of ids.slice(0, 500)) publishExit(id);
      await eventsOf(2);
      await containerd.freeze();
      for (const id of ids.slice(500, 1000)) publishExit(id);
      const lost = once(watcher ?? expect.fail("nobody watches"), "close");
      await containerd.kill(limit());
      await rm(address);
      await lost;
      const unanswered = await publisher.flush(0);
      expect(unanswered).to.be.within(1, 999);
      const seenBefore = idsOf(await eventsOf(1));
      expect(seenBefore).to.deep.equal(ids.slice(0, seenBefore.length));
      expect(seenBefore.length).to.be.lessThan(1000 - unanswered + 2); // The first unanswered one may have been seen.

      for (const id of ids.slice(1000, 1500)) publishExit(id);
      expect(await publisher.flush(500)).to.equal(unanswered + 500);
      await start();
      await watch();
      await symlink(`${containerd.socket}.ttrpc`, address);
      for (const id of ids.slice(1500)) publishExit(id);
      expect(await publisher.flush(DEADLINE_MS)).to.equal(0);
      expect(idsOf(await eventsOf(unanswered + 1000))).to.deep.equal(ids.slice(1000 - unanswered));
    });
  });
}

function idsOf(lines: readonly string[]): string[] {
  return lines.map((line) => /"container_id":"(\w+)"/.exec(line)?.[1] ?? line);
}

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(10 * DEADLINE_MS);
}

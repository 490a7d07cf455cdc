import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { runCommand } from "../../cluster/run-command.ts";
import type { Message } from "./cri-client.ts";
import type { TestContainerd } from "./test-containerd.ts";

/** An event that a shim has published. */
export interface TaskEvent {
  /** Such as `/tasks/exit`. */
  readonly topic: string;
  readonly event: Message;
}

/** What containerd hands on of the shims' events, in its order. */
export class TaskEvents {
  readonly seen: TaskEvent[] = [];
  readonly #child: ChildProcess;
  #isListening = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Listens from now on. */
  static async listen(containerd: TestContainerd, namespace: "k8s.io" | "own"): Promise<TaskEvents> {
    const [program = "", ...args] = containerd.ctrArgv(namespace);
    const child = spawn(program, [...args, "events"], { stdio: ["ignore", "pipe", "ignore"] });
    await once(child, "spawn");
    const events = new TaskEvents(child);
    createInterface({ input: child.stdout }).on("line", (line) => {
      events.#isListening = true;
      const { topic, json } = /(?<topic>\/tasks\/\S+) (?<json>\{.*)$/.exec(line)?.groups ?? {};
      if (topic === undefined || json === undefined) return;
      events.seen.push({ topic, event: JSON.parse(json) as Message });
    });
    await events.#untilListens(containerd.ctrArgv(namespace));
    return events;
  }

  /** It does not say that it listens: it is shown events until it tells of one. */
  async #untilListens([program = "", ...args]: readonly string[]): Promise<void> {
    for (let i = 0; i < 100 && !this.#isListening; i += 1) {
      const label = ["namespaces", "label", args[args.indexOf("-n") + 1] ?? "", `listen=${String(i)}`];
      await runCommand([program, ...args, ...label], { timeoutMs: 10_000 }, AbortSignal.timeout(10_000));
      await delay(50);
    }
    if (!this.#isListening) throw new Error("Cannot listen to containerd's events: none of 100 came");
  }

  /** Those of one container and of what was executed in it. */
  of(containerId: string): readonly TaskEvent[] {
    return this.seen.filter(({ event }) => event["container_id"] === containerId);
  }

  /** Waits until a container is known to be deleted, and a little, for what should not come; false if that is not said. */
  async saysDeleted(containerId: string): Promise<boolean> {
    for (let i = 0; i < 500; i += 1) {
      await delay(20);
      const isDeleted = this.of(containerId).some(({ topic }) => topic === "/tasks/delete");
      if (!isDeleted) continue;
      await delay(100);
      return true;
    }
    return false;
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}

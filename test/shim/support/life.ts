import type { ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { pollUntil } from "../../cluster/poll-until.ts";
import type { CriMethod, Message } from "./cri-client.ts";
import { readLog } from "./log-file.ts";
import { Normaliser } from "./normalise.ts";
import { Pod, type ContainerOptions, type PodOptions } from "./pods.ts";
import { EXITED, statusOf } from "./status.ts";
import type { TestContainerd } from "./test-containerd.ts";

/** One thing that was done, and what came of it. */
export interface Step {
  readonly name: string;
  readonly reply: unknown;
}

/** A part of a pod's life that is lived once with each handler. */
export type Chapter = (life: Life) => Promise<void>;

/** Does things to pods through CRI with one handler, and writes down each answer, without what is never the same. */
export class Life {
  readonly containerd: TestContainerd;
  readonly handler: string;
  readonly steps: Step[] = [];
  /** Ids of sandboxes and containers, as they were made. */
  readonly containers: string[] = [];
  readonly sandboxes: string[] = [];
  readonly #normaliser: Normaliser;

  constructor(containerd: TestContainerd, handler: string) {
    this.containerd = containerd;
    this.handler = handler;
    const runtimeType = handler === "runc" ? "io.containerd.runc.v2" : containerd.shim;
    this.#normaliser = new Normaliser({ handler, runtimeType });
  }

  /** Does what must succeed. */
  async step<Reply>(name: string, work: () => Promise<Reply>): Promise<Reply> {
    try {
      const reply = await work();
      this.note(name, reply);
      return reply;
    } catch (error) {
      throw new Error(`Cannot do "${name}" with handler "${this.handler}": ${String(error)}`, { cause: error });
    }
  }

  /** Does what must fail; only the code is compared, for texts of runc's shim are not a contract. */
  async failing(name: string, work: () => Promise<unknown>): Promise<void> {
    const outcome = await work().then(
      (reply) => ({ reply }),
      (error: unknown) => ({ error: error as ServiceError }),
    );
    if (!("error" in outcome)) throw new Error(`"${name}" with handler "${this.handler}" does not fail`);
    expect(outcome.error.details, name).to.be.a("string").that.is.not.equal("");
    this.note(name, { code: outcome.error.code });
  }

  /** Writes down something that was looked at elsewhere than in a reply. */
  note(name: string, seen: unknown): void {
    this.steps.push({ name, reply: this.normalised(seen) });
  }

  /** What is left of it to compare with another life. */
  normalised(seen: unknown): unknown {
    return this.#normaliser.value(seen);
  }

  async call(method: CriMethod, request: object): Promise<Message> {
    return this.step(method, async () => this.containerd.cri.call(method, request));
  }

  async failingCall(method: CriMethod, request: object): Promise<void> {
    await this.failing(`${method} that fails`, async () => this.containerd.cri.call(method, request));
  }

  async runPod(name: string, options: PodOptions = {}): Promise<Pod> {
    const pod = await Pod.run(this.containerd, name, this.handler, options);
    this.containers.push(pod.id);
    this.sandboxes.push(pod.id);
    this.note(`run pod ${name}`, pod.id);
    return pod;
  }

  async create(pod: Pod, name: string, command: readonly string[], more: ContainerOptions = {}): Promise<string> {
    const id = await this.step(`create ${name}`, async () => pod.create(name, command, more));
    this.containers.push(id);
    return id;
  }

  async start(pod: Pod, name: string, command: readonly string[], more: ContainerOptions = {}): Promise<string> {
    const containerId = await this.create(pod, name, command, more);
    await this.call("StartContainer", { containerId });
    return containerId;
  }

  /**
   * Waits for the end of a container; its status is a step.
   *
   * @param reason that must be known too: containerd hears of an end and of its reason by two ways, in any order.
   */
  async exited(name: string, containerId: string, reason?: string): Promise<Message> {
    const wait = { what: `container ${name} to exit`, timeoutMs: 20_000, intervalMs: 20, see: this.containerd.folder };
    return this.step(`${name} exits`, async () =>
      pollUntil(
        wait,
        async () => {
          const status = await statusOf(this.containerd, containerId);
          const isKnown = reason === undefined || status["reason"] === reason;
          return status["state"] === EXITED && isKnown ? status : undefined;
        },
        AbortSignal.timeout(60_000),
      ),
    );
  }

  /** Runs a container to its end; its status and its log are steps. */
  async runToEnd(pod: Pod, name: string, command: readonly string[], more: ContainerOptions = {}): Promise<Message> {
    const id = await this.start(pod, name, command, more);
    const status = await this.exited(name, id);
    await this.log(pod, name, more.attempt ?? 0);
    return status;
  }

  /** What a container of ours has logged. */
  async log(pod: Pod, name: string, attempt = 0): Promise<string> {
    return this.step(`log of ${name}`, async () => readLog(pod, name, attempt));
  }

  /** Runs a command in a container; exit code and output are a step. */
  async exec(containerId: string, ...cmd: readonly string[]): Promise<Message> {
    return this.step(`exec ${cmd.join(" ")}`, async () =>
      this.containerd.cri.call("ExecSync", { containerId, cmd, timeout: 10 }),
    );
  }
}

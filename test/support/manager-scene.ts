import { after, afterEach, before } from "mocha";
import type { HollowAnswer, HollowJob } from "./hollow-nodes.ts";
import { eventually } from "./kubectl.ts";
import { ManagerBench, shimManifest, type NodeJson, type ShimJson } from "./manager-bench.ts";

/** Opens the scene for the tests of the `describe` that this is called in: before them, cleared after each, closed after all. */
export function useScene(scene: ManagerScene): void {
  before(async () => scene.open());
  afterEach(async () => scene.bench.clear());
  after(async () => scene.bench.stop());
}

const NEVER = new AbortController().signal;
/** Our label on nodes for the Shim that these tests are about. */
export const LABEL = "shim.runtime.spinkube.dev/spin";
/** Whatever the manager does at once is done within this time, in milliseconds, on a slow machine too. */
export const SOON_MS = 20_000;

/** What tests of the Shim "spin" do again and again. */
export class ManagerScene {
  #opened: ManagerBench | undefined;

  async open(): Promise<void> {
    this.#opened = await ManagerBench.start();
  }

  get bench(): ManagerBench {
    if (this.#opened === undefined) throw new Error("The scene is not open");
    return this.#opened;
  }

  async addNodes(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.bench.nodes.add({ name, labels: { wasm: "true" } }, NEVER);
  }

  async apply(spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.bench.kubectl(["apply", "-f", "-"], shimManifest("spin", spec));
  }

  /** Nodes "a" and so on, a manager, the Shim, and all of it done. */
  async provision(...names: readonly string[]): Promise<void> {
    await this.addNodes(...names);
    await this.bench.manager();
    await this.apply();
    await this.bench.reason("spin", "Provisioned");
  }

  async labelOf(node: string): Promise<string | undefined> {
    return (await this.bench.get<NodeJson>("node", node))?.metadata.labels[LABEL];
  }

  async untilLabel(node: string, value: string | undefined): Promise<void> {
    await this.until(`label ${String(value)} on ${node}`, async () => (await this.labelOf(node)) === value);
  }

  async until(what: string, isSo: () => Promise<boolean>, timeoutMs = SOON_MS): Promise<void> {
    await eventually(what, timeoutMs, async () => ((await isSo()) ? true : undefined));
  }

  async untilJobs(count: number): Promise<void> {
    await this.until(`${count} Jobs`, async () => this.bench.nodes.jobs.length >= count);
  }

  /** What was done, in order. */
  orders(): readonly string[] {
    return this.bench.nodes.jobs.map(({ node, request }) => `${request.operation} ${node}`);
  }

  /** Waits until the status says this of a node. @returns its message. */
  async untilNode(name: string, state: string, reason?: string): Promise<string> {
    return eventually(`${name} to be ${state}`, SOON_MS, async () => {
      const shim = await this.bench.get<ShimJson>("shim", "spin");
      const found = shim?.status?.nodeStates?.find((node) => node.name === name);
      const isSo = found?.state === state && (reason === undefined || found.reason === reason);
      return isSo ? (found.message ?? "") : undefined;
    });
  }

  /** The installer's pod number `index`, from 0, ends so. */
  async end(index: number, answer: HollowAnswer): Promise<HollowJob> {
    const job = this.bench.nodes.jobs[index];
    if (job === undefined) throw new Error(`There is no Job number ${index}`);
    await this.bench.nodes.settle(job, answer, NEVER);
    return job;
  }
}

export function failure(reason: "ArtifactUnavailable" | "DigestMismatch" | "InUse", message: string): HollowAnswer {
  return { report: { ok: false, reason, message } };
}

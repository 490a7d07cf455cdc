import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "../cluster/index.ts";
import type { Answer } from "./ask.ts";
import type { Stage } from "./e2e.ts";
import type { Kubectl } from "./kubectl.ts";
import type { NodeHost } from "./node-host.ts";
import type { PodStatus } from "./pod-status.ts";
import { askSpinApp, awaitSpinApp, getSpinApp, OLDER_GROUP, spinApp, spinAppExecutor } from "./spin-apps.ts";
import type { SpinAppStatus } from "./spin-apps.ts";
import { together } from "./together.ts";

/** What stands for the names between angle brackets in a manifest. */
type Places = Readonly<Record<string, string>>;

const MANIFESTS = join(import.meta.dirname, "../e2e/talk");
const HANDLER = "spin";
/** Each time takes a kubectl a tenth of a second of the processor, and several of these wait at a time. */
const POLL_MS = 1000;
const PODS_GONE = "--timeout=55s";
const SOON_MS = 5000;

/**
 * One node for the talk's manifests, which say nothing of nodes: a namespace whose SpinAppExecutor has a RuntimeClass of
 * that node alone.
 */
export class TalkNode {
  readonly host: NodeHost;
  /** In the namespace. */
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly cluster: Cluster;
  readonly #places: Places;

  constructor(stage: Pick<Stage, "cluster" | "kubectl">, host: NodeHost, places: Places) {
    this.host = host;
    this.namespace = `talk-${host.name}`;
    this.cluster = stage.cluster;
    this.kubectl = async (args, input) => stage.kubectl(["-n", this.namespace, ...args], input);
    this.#places = places;
  }

  async open(): Promise<void> {
    await this.close(); // Of a run that was broken off.
    const metadata = { name: this.namespace };
    const scheduling = { nodeSelector: { "kubernetes.io/hostname": this.host.name } };
    await this.create({ apiVersion: "v1", kind: "Namespace", metadata });
    await this.create({ apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata, handler: HANDLER, scheduling });
    await this.create(spinAppExecutor(this.namespace, OLDER_GROUP));
  }

  /** Takes away all that is of this node. */
  async close(): Promise<void> {
    const cluster = [`namespace/${this.namespace}`, `pv/${this.#volume}`, `runtimeclass/${this.namespace}`];
    await this.kubectl(["delete", "--ignore-not-found", "--wait", PODS_GONE, ...cluster]);
    await this.host.out("rm -rf /mnt/data");
  }

  async create(...items: readonly object[]): Promise<void> {
    await this.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  }

  /** A SpinApp of the talk's group. */
  async createSpinApp(name: string, spec: object): Promise<void> {
    await this.create(spinApp(name, spec, OLDER_GROUP));
  }

  /** `kubectl apply` of manifests of `test/e2e/talk`. */
  async apply(...names: readonly string[]): Promise<void> {
    const texts = await Promise.all(names.map(async (name) => this.#manifest(name)));
    await this.kubectl(["apply", "-f", "-"], texts.join("---\n"));
  }

  async json(...what: readonly string[]): Promise<Record<string, unknown>> {
    return JSON.parse(await this.kubectl(["get", ...what, "-o", "json"])) as Record<string, unknown>;
  }

  /** Waits until `Ready` of a SpinApp has that reason. */
  async until(
    app: string,
    reason: string,
    isDone?: (app: SpinAppStatus) => boolean,
    group = OLDER_GROUP,
  ): Promise<SpinAppStatus> {
    const wanted = { reason, isDone, everyMs: POLL_MS };
    return awaitSpinApp(app, async () => getSpinApp(this.kubectl, app, group), wanted);
  }

  /** Of a SpinApp that runs: its first pod that is to stay. All its pods are on this node. */
  async podOf(app: string): Promise<PodStatus> {
    const found = await this.json("pods", "-l", `${OLDER_GROUP}/app-name=${app}`);
    const pods = found["items"] as readonly PodStatus[];
    const strange = pods.find(({ spec }) => spec.nodeName !== this.host.name);
    if (strange !== undefined) throw new Error(`${strange.metadata.name} is on ${strange.spec.nodeName ?? "no node"}`);
    const pod = pods.find(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (pod === undefined) throw new Error(`SpinApp ${app} has no pod`);
    return pod;
  }

  /** Deletes a SpinApp's pods, and waits until others run. */
  async renewPods(app: string): Promise<void> {
    await this.kubectl(["delete", "pod", "-l", `${OLDER_GROUP}/app-name=${app}`]);
    await this.until(app, "Running");
  }

  /** Asks a SpinApp by its Service, from this node. @param body makes it a POST. */
  async ask(app: string, path: string, body?: string): Promise<Answer> {
    return askSpinApp(this.#asking, app, path, body);
  }

  /** The same of one that must answer nobody: in this time kube-proxy would have brought the request to it. */
  async askInVain(app: string, path: string): Promise<Answer> {
    return askSpinApp({ ...this.#asking, patienceMs: SOON_MS }, app, path);
  }

  async #manifest(name: string): Promise<string> {
    const text = await readFile(join(MANIFESTS, `${name}.yaml`), "utf8");
    // A PersistentVolume is in no namespace: each node needs a name of its own.
    const renamed = text.replace("name: pv-volume\n", `name: ${this.#volume}\n`);
    return renamed.replaceAll(/<([\w-]+)>/g, (_, place: string) => {
      const found = this.#places[place];
      if (found === undefined) throw new Error(`Nothing stands for <${place}>`);
      return found;
    });
  }

  get #asking(): Parameters<typeof askSpinApp>[0] {
    return { cluster: this.cluster, kubectl: this.kubectl, node: this.host.name };
  }

  get #volume(): string {
    return `pv-volume-${this.host.name}`;
  }
}

/** Does the same on all nodes at once, to the end on each. @throws Error that says on which of them it failed. */
export async function onEach(
  nodes: readonly TalkNode[],
  act: (node: TalkNode, index: number) => Promise<unknown>,
): Promise<void> {
  await together(new Map(nodes.map((node, index) => [node.host.name, async () => act(node, index)])));
}

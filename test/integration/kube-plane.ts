import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubeClient, kubeconfigCredentials, type KubeClient, type KubeClientOptions } from "@rcm/lib/kube-client";
import { request } from "undici";
import { findDaemon, killDaemon, startDaemon } from "../cluster/daemon.ts";
import { freePort } from "../cluster/free-port.ts";
import { pollUntil } from "../cluster/poll-until.ts";
import { startApi, type RunningApi } from "../cluster/start-api.ts";

const NEVER = new AbortController().signal;

/** A real etcd and API server of our own on loopback, which can be hurt. */
export class KubePlane {
  readonly #dir: string;
  readonly #api: RunningApi;
  readonly #clients: KubeClient[] = [];

  constructor(dir: string, api: RunningApi) {
    this.#dir = dir;
    this.#api = api;
  }

  static async start(): Promise<KubePlane> {
    const dir = await mkdtemp(join(tmpdir(), "rcm-plane-"));
    return new KubePlane(dir, await startApi({ dir }, NEVER));
  }

  get kubeconfig(): string {
    return this.#api.kubeconfig;
  }

  async client(options: Partial<KubeClientOptions> = {}): Promise<KubeClient> {
    const credentials = await kubeconfigCredentials(this.kubeconfig);
    const defaults = { credentials, userAgent: "rcm-test/0", fieldManager: "rcm-test", qps: 1000, burst: 1000 };
    const client = createKubeClient({ ...defaults, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A client of another API server that stands beside the first one, on the same etcd. */
  async secondClient(): Promise<KubeClient> {
    const port = String(await freePort());
    const argv = (await readFile(`/proc/${String(await this.#serverPid())}/cmdline`, "utf8")).split("\0").slice(0, -1);
    const flags = [`--secure-port=${port}`, `--audit-log-path=${join(this.#dir, "second-audit.log")}`];
    const daemons = { logDir: join(this.#dir, "log"), pidDir: join(this.#dir, "run"), lifetime: "ours" } as const;
    await startDaemon("second", [...argv, ...flags], daemons); // The last of equal flags wins.
    const credentials = await kubeconfigCredentials(this.kubeconfig);
    const client = await this.client({ credentials: { ...credentials, server: `https://127.0.0.1:${port}` } });
    const namespaces = { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false };
    await pollUntil(
      { what: "the second API server", timeoutMs: 30_000, see: daemons.logDir },
      async (polling) => client.get(namespaces, { name: "default" }, polling),
      NEVER,
    );
    return client;
  }

  /** `SIGSTOP` makes the API server fall silent, `SIGCONT` wakes it again. */
  async signalServer(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    process.kill(await this.#serverPid(), signal);
  }

  /** Ends the API server by SIGKILL. */
  async killServer(): Promise<void> {
    await this.#api.killApiServer(NEVER);
  }

  async restartServer(): Promise<void> {
    await this.#api.startApiServer(NEVER);
  }

  /** Drops the history of etcd up to a resource version. */
  async compact(resourceVersion: string): Promise<void> {
    const body = JSON.stringify({ revision: resourceVersion, physical: true });
    const answer = await request(`${this.#api.etcdUrl}/v3/kv/compaction`, { method: "POST", body });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`Cannot compact etcd: status ${String(answer.statusCode)}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map(async (client) => client.close()));
    await killDaemon(join(this.#dir, "run"), "second", NEVER);
    await this.#api.stop(NEVER);
  }

  async #serverPid(): Promise<number> {
    const pid = await findDaemon(join(this.#dir, "run"), "apiserver");
    if (pid === undefined) throw new Error("Cannot find the API server: it does not run");
    return pid;
  }
}

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MACHINE_ADDRESS } from "../cluster/index.ts";
import type { SpinAppName } from "../guests/spin-app.ts";
import { cleanUp, openStage } from "./e2e.ts";
import type { Stage } from "./e2e.ts";
import { LibsqlServer } from "./libsql-server.ts";
import { startMetricsServer } from "./metrics-server.ts";
import type { MetricsServer } from "./metrics-server.ts";
import { installOwnShim } from "./own-shim.ts";
import { startPrivateRegistry } from "./private-registry.ts";
import type { PrivateRegistry } from "./private-registry.ts";
import { pushToCluster, pushToRegistry } from "./registry-push.ts";
import { SPIN_CLASS, spinArtifactOf } from "./spin-apps.ts";
import { onEach, TalkNode } from "./talk-node.ts";
import { together } from "./together.ts";

/** The images of the talk's manifests, and our applications in their place. */
const IMAGES: Readonly<Record<string, SpinAppName>> = {
  hello: "hello",
  "cpu-load-gen": "rust-app",
  variabletester: "talk",
  "variable-explorer": "talk",
  sqlite: "talk",
  salutations: "salutations",
};
/** What the databases ask for. */
export const TOKEN = "s3cr3t";

/** The cluster with our shim, metrics, a registry with a password, and for each node a database and a namespace. */
export class TalkScene {
  readonly stage: Stage;
  readonly registry: PrivateRegistry;
  /** Names by which the nodes pull. */
  readonly images: Readonly<Record<string, string>>;
  readonly nodes: readonly TalkNode[];
  readonly #databases: readonly LibsqlServer[];
  readonly #folder: string;
  #metrics: MetricsServer | undefined;

  private constructor(scene: Pick<TalkScene, "stage" | "registry" | "images" | "nodes">, store: Store) {
    this.stage = scene.stage;
    this.registry = scene.registry;
    this.images = scene.images;
    this.nodes = scene.nodes;
    this.#databases = store.databases;
    this.#folder = store.folder;
  }

  static async open(): Promise<TalkScene> {
    const stage = await openStage();
    const folder = await mkdtemp(join(tmpdir(), "rcm-talk-"));
    const registry = await startPrivateRegistry(stage.hosts);
    const images = await pushImages(registry);
    const databases = stage.hosts.map(({ name }) => new LibsqlServer(join(folder, name), TOKEN));
    const addresses = await Promise.all(databases.map(async (database) => database.listen(MACHINE_ADDRESS)));
    const nodes = stage.hosts.map(
      (host, at) => new TalkNode(stage, host, { ...images, database: addresses[at] ?? "" }),
    );
    const scene = new TalkScene({ stage, registry, images, nodes }, { databases, folder });
    try {
      await scene.#prepare();
    } catch (error) {
      await scene.close(); // Its servers would keep the process.
      throw error;
    }
    return scene;
  }

  async #prepare(): Promise<void> {
    const { stage, nodes } = this;
    await together(
      new Map<string, () => Promise<unknown>>([
        ["shim", async () => installOwnShim(stage, SPIN_CLASS)],
        ["namespaces", async () => onEach(nodes, async (node) => node.open())],
        ["metrics", async () => (this.#metrics = await startMetricsServer(stage.cluster, stage.kubectl))],
      ]),
    );
  }

  async close(): Promise<void> {
    await onEach(this.nodes, async (node) => node.close());
    await this.#metrics?.stop();
    await cleanUp(this.stage);
    await this.registry.stop();
    await Promise.all(this.#databases.map(async (database) => database.close()));
    await rm(this.#folder, { recursive: true });
    await this.stage.close();
  }
}

interface Store {
  readonly databases: readonly LibsqlServer[];
  readonly folder: string;
}

async function pushImages(registry: PrivateRegistry): Promise<Readonly<Record<string, string>>> {
  const images: Record<string, string> = {};
  for (const [place, app] of Object.entries(IMAGES)) {
    images[place] = await pushToCluster(await spinArtifactOf(app), `talk-${app}`);
  }
  const login = `${registry.user}:${registry.password}`;
  // Nodes that have pulled it before would need no password.
  const target = { registry: registry.registry, repository: `private/${randomUUID()}`, login };
  return { ...images, "private-image": await pushToRegistry(await spinArtifactOf("hello"), target) };
}

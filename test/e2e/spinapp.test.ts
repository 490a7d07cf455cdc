import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { MACHINE_ADDRESS } from "../cluster/index.ts";
import { ask } from "../support/ask.ts";
import { cleanUp, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { eventually } from "../support/kubectl.ts";
import { startLoad } from "../support/load.ts";
import { NODES } from "../support/node-host.ts";
import { installOwnShim } from "../support/own-shim.ts";
import { RedisServer } from "../support/redis-server.ts";
import { pushToCluster } from "../support/registry-push.ts";
import {
  addressOf,
  askSpinApp,
  conditionOf,
  getSpinApp,
  podsOf,
  readyAt,
  SPIN_CLASS,
  spinApp,
  spinAppExecutor,
  spinArtifactOf,
  waitForSpinApp,
} from "../support/spin-apps.ts";

/** One on each node, if there are three. */
function spread(name: string): object {
  return {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: { "core.spinkube.dev/app-name": name } },
      },
    ],
  };
}

const SELECTOR = "core.spinkube.dev/app-name=hello";
/** What the two images answer. */
const OF_APP = "of the manifest";
const OF_OTHER = "hello from c, call 1";

describe("SpinApps on a cluster", () => {
  let stage: Stage;
  const images = { app: "", other: "", spin: "", redis: "" };
  before(async () => {
    stage = await openStage();
    await installOwnShim(stage, SPIN_CLASS);
    images.app = await pushToCluster(await spinArtifactOf("rust-app"), "spin-app");
    images.other = await pushToCluster(await spinArtifactOf("c-spin"), "spin-other");
    images.spin = await pushToCluster(await spinArtifactOf("rust-spin"), "spin-all");
    images.redis = await pushToCluster(await spinArtifactOf("rust-redis"), "spin-redis");
  });
  after(async () => {
    await stage.kubectl(["delete", "spinapps,spinappexecutors,secrets", "-l", "app=rcm-test"]);
    await cleanUp(stage);
    await stage.close();
  });

  async function answerOf(service: string, path: string): Promise<string> {
    const { status, body } = await askSpinApp(stage, service, path);
    return status === 200 ? body.trim() : `${status}`;
  }

  /** kube-proxy may send requests to a pod that is ending for a moment yet; after that, to the new ones only. */
  async function answersOnly(service: string, expected: string): Promise<void> {
    await eventually(`ten answers "${expected}" one after another`, 20_000, async () => {
      for (let count = 0; count < 10; count += 1) {
        const answer = await answerOf(service, "/");
        if (answer !== expected) throw new Error(`It answered "${answer}"`);
      }
      return true;
    });
  }

  it("become Deployment and Service, answer, and say how they are", async () => {
    await stage.apply(spinAppExecutor(), helloOf(images.app));
    const app = await waitForSpinApp(stage.kubectl, "hello", "Running");
    expect(app.status).to.include({ replicas: 3, readyReplicas: 3, desiredReplicas: 3, updatedReplicas: 3 });
    expect(conditionOf(app)).to.include({ status: "True" });
    expect(conditionOf(app, "Available")).to.include({ status: "True" });
    const columns = (await stage.kubectl(["get", "spinapp", "hello", "--no-headers"])).trim().split(/ {2,}/);
    expect(columns.slice(0, 6)).to.deep.equal([
      "hello",
      "3",
      "3",
      "containerd-shim-spin",
      app.status?.address,
      "Running",
    ]);
    const nodes = await stage.kubectl(["get", "pods", "-l", SELECTOR, "-o", "jsonpath={.items[*].spec.nodeName}"]);
    expect(nodes.split(" ").toSorted()).to.deep.equal(NODES.map(({ name }) => name));
    expect(await answerOf("hello", "/")).to.equal(OF_APP);
    const named = await ask(stage.cluster, "node1", app.status?.address ?? "");
    expect(named.body.trim()).to.equal(OF_APP);
  });

  it("are scaled by kubectl, to none too", async () => {
    for (const [replicas, reason] of [
      [2, "Running"],
      [0, "ScaledToZero"],
      [3, "Running"],
    ] as const) {
      await stage.kubectl(["scale", "spinapp", "hello", `--replicas=${replicas}`]);
      await waitForSpinApp(stage.kubectl, "hello", reason, ({ status }) => status?.readyReplicas === replicas);
    }
  });

  for (const [how, next, checks] of [
    ["with a readiness probe", "app", readyAt("/")],
    ["without one", "other", {}],
  ] as const) {
    it(`get another image without a failed request, ${how}`, async () => {
      await stage.apply(helloOf(images[next === "app" ? "other" : "app"], checks));
      await waitForSpinApp(stage.kubectl, "hello", "Running");
      const address = await addressOf(stage.kubectl, "hello");
      const load = await startLoad(stage.cluster, { url: `http://${address}/`, node: "node1", least: 1000 });
      await stage.apply(helloOf(images[next], checks));
      await waitForSpinApp(stage.kubectl, "hello", "Running");
      const { failures, answers } = await load.stop();
      expect(failures).to.deep.equal([]);
      expect(Object.keys(answers)).to.have.members([OF_APP, OF_OTHER]);
      await answersOnly("hello", next === "app" ? OF_APP : OF_OTHER);
    });
  }

  it("take up what a Secret says now", async () => {
    const variables = [{ name: "greeting", valueFrom: { secretKeyRef: { name: "word", key: "word" } } }];
    const reader = { image: images.spin, replicas: 1, variables, ...readyAt("/hello") };
    await stage.apply(secret("one"), spinApp("reader", reader));
    for (const word of ["one", "two"]) {
      await stage.apply(secret(word));
      await eventually(`the word ${word}`, 60_000, async () =>
        (await answerOf("reader", "/variable/greeting")) === `${word} from a template` ? true : undefined,
      );
    }
  });

  it("say that their image cannot be pulled, and run when it can", async () => {
    await stage.apply(helloOf(`${images.app}-no`));
    const stuck = await waitForSpinApp(stage.kubectl, "hello", "ImagePullBackOff");
    expect(conditionOf(stuck)).to.include({ status: "False" });
    expect(conditionOf(stuck)?.message).to.include(`${images.app}-no`).and.to.include("spec.image");
    expect(await answerOf("hello", "/")).to.equal(OF_OTHER); // The pods of before.
    await stage.apply(helloOf(images.app));
    await waitForSpinApp(stage.kubectl, "hello", "Running");
  });

  it("take each message of a Redis channel in all their pods, and listen again after its server was away", async () => {
    await using redis = new RedisServer(MACHINE_ADDRESS);
    const variables = [{ name: "server", value: await redis.start() }];
    await stage.apply(spinApp("listener", { image: images.redis, replicas: 2, variables }));
    await waitForSpinApp(stage.kubectl, "listener", "Running");
    const pods = await podsOf(stage.kubectl, "listener");
    expect(pods).to.have.length(2);
    async function publish(word: string): Promise<void> {
      await eventually("two who listen", 60_000, async () =>
        (await redis.publish("news", word)) === pods.length ? true : undefined,
      );
      const line = `call 1: ${word.length} bytes: [${[...Buffer.from(word)].join(", ")}]`;
      for (const pod of pods) {
        await eventually(`${pod} to say "${line}"`, 20_000, async () =>
          (await stage.kubectl(["logs", pod])).split("\n").includes(line) ? true : undefined,
        );
      }
    }
    await publish("one");
    await redis.stop();
    await redis.start();
    await publish("again");
  });

  it("leave nothing when they go", async () => {
    const kinds = "deployments,replicasets,pods,services,endpointslices,secrets,configmaps";
    const selector = ["-l", "core.spinkube.dev/app-name", "-o", "name"];
    expect(await stage.kubectl(["get", kinds, ...selector])).to.include("deployment.apps/hello");
    await stage.kubectl(["delete", "spinapp", "--all", "--wait"]);
    await eventually("an end of all", 60_000, async () =>
      (await stage.kubectl(["get", kinds, ...selector])) === "" ? true : undefined,
    );
    expect(await getSpinApp(stage.kubectl, "hello").catch(String)).to.include("NotFound");
  });
});

/** Without checks, a pod is ready when its container has started. */
function helloOf(image: string, checks: object = {}): object {
  return spinApp("hello", { image, replicas: 3, ...spread("hello"), ...checks });
}

function secret(word: string): object {
  const metadata = { name: "word", labels: { app: "rcm-test" } };
  return { apiVersion: "v1", kind: "Secret", metadata, stringData: { word } };
}

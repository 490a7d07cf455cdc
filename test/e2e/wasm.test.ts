import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildGuest } from "../guests/build-guest.ts";
import { cleanUp, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { eventually } from "../support/kubectl.ts";
import { startLoad } from "../support/load.ts";
import { NODES } from "../support/node-host.ts";
import { artifactImage, fileImage } from "../support/oci-image.ts";
import { installOwnShim } from "../support/own-shim.ts";
import { containerOf, endOf, getPod, throttledOf } from "../support/pod-status.ts";
import { pushToCluster } from "../support/registry-push.ts";
import { buildRustGuest } from "../support/rust-guest.ts";
import { deploymentOf, jobOf, podOn, WASM_CLASS } from "../support/wasm-apps.ts";

const REQUESTS = 10_000;
/** Containerd 1.6.20 does not unpack layers that are no archives. */
const TAKE_ARTIFACTS = NODES.filter(({ version }) => version !== "1.6").map(({ name }) => name);
const LIMITS = { limits: { memory: "160Mi", cpu: "300m" }, requests: { memory: "32Mi", cpu: "20m" } };

/** In the event of a container that could not be created. */
const WORDS_OF_SHIM =
  /Warning +Failed .*Cannot run process\.args\[0\] "\/bin\/app\.wasm": it is neither a Linux program, .* nor WebAssembly/;
/** In the end of a container whose component is cut short. */
const WORDS_OF_EXECUTOR =
  /Message: +Cannot read the component: at offset 0x[\da-f]+: \d+ bytes are announced, \d+ are left/;

describe("Wasm components on a cluster", () => {
  let stage: Stage;
  const images = { app: "", artifact: "", command: "", foreign: "", broken: "" };
  before(async () => {
    stage = await openStage();
    await installOwnShim(stage, WASM_CLASS);
    const app = await readFile(await buildGuest("rust-app"));
    const command = await readFile(join(await buildRustGuest("rust-host"), "rust-command.wasm"));
    images.app = await pushToCluster(await fileImage(app), "wasm-app");
    images.artifact = await pushToCluster(artifactImage(app), "wasm-artifact");
    images.command = await pushToCluster(await fileImage(command), "wasm-command");
    images.foreign = await pushToCluster(await fileImage(Buffer.from("no program")), "wasm-foreign");
    images.broken = await pushToCluster(await fileImage(app.subarray(0, app.length / 2)), "wasm-broken");
  });
  after(async () => {
    await cleanUp(stage);
    await stage.close();
  });

  /** Where the pods of an application run, by their names. */
  async function placesOf(name: string): Promise<ReadonlyMap<string, string>> {
    const path = '{range .items[*]}{.metadata.name} {.spec.nodeName}{"\\n"}{end}';
    const text = await stage.kubectl(["get", "pods", "-l", `rcm-test=${name}`, "-o", `jsonpath=${path}`]);
    return new Map(
      text
        .trim()
        .split("\n")
        .map((line) => line.split(" ") as [string, string]),
    );
  }

  /** Asks the pod on each of the nodes; answers by node. */
  async function ask(app: string, nodes: readonly string[], path: string): Promise<readonly string[]> {
    return Promise.all(nodes.map(async (node) => stage.kubectl(["get", "--raw", proxied(`${app}-${node}`, path)])));
  }

  it("runs an artifact of one component where containerd takes such", async () => {
    const app = { name: "artifact", image: images.artifact, container: { command: ["/"] } };
    await stage.apply(...TAKE_ARTIFACTS.map((node) => podOn(node, app)));
    await Promise.all(TAKE_ARTIFACTS.map(async (node) => ready(`artifact-${node}`)));
    const names = TAKE_ARTIFACTS.map((node) => `artifact-${node} \n`);
    expect(await ask("artifact", TAKE_ARTIFACTS, "/")).to.deep.equal(names);
  });

  it("runs commands as Jobs: arguments, output, exit code", async () => {
    const job = { image: images.command };
    await stage.apply(
      jobOf({ name: "good", ...job, container: { args: ["arguments", "a", "--b"] } }, NODES.length),
      jobOf({ name: "bad", ...job, container: { args: ["exit", "1"] } }, 1),
    );
    await stage.kubectl(["wait", "--for=condition=Complete", "job/good", "--timeout=55s"]);
    await stage.kubectl(["wait", "--for=condition=Failed", "job/bad", "--timeout=55s"]);
    expect(new Set((await placesOf("good")).values())).to.deep.equal(new Set(NODES.map(({ name }) => name)));
    const logs = await stage.kubectl(["logs", "-l", "rcm-test=good", "--tail=-1"]);
    expect(logs.trim().split("\n")).to.deep.equal(NODES.map(() => '["a", "--b"]'));
    const [bad = ""] = (await placesOf("bad")).keys();
    const { terminated } = containerOf(await getPod(stage.kubectl, bad), "main").state;
    expect(terminated).to.include({ exitCode: 1, reason: "Error" });
  });

  it("says in a pod's description why it does not run: the shim of its image, the executor of its component", async () => {
    const nodes = NODES.map(({ name }) => name);
    await stage.apply(
      ...nodes.map((node) => podOn(node, { name: "foreign", image: images.foreign })),
      ...nodes.map((node) => podOn(node, { name: "broken", image: images.broken })),
    );
    for (const [app, words] of [
      ["foreign", WORDS_OF_SHIM],
      ["broken", WORDS_OF_EXECUTOR],
    ] as const) {
      await Promise.all(nodes.map(async (node) => described(`${app}-${node}`, words)));
      await stage.kubectl(["delete", "pods", ...nodes.map((node) => `${app}-${node}`), "--wait=false"]);
    }
  });

  it("holds components to their limits: throttled by processor, ended by memory, then started again", async () => {
    const nodes = NODES.map(({ name }) => name);
    const app = { name: "limited", image: images.app, container: { resources: LIMITS } };
    await stage.apply(...nodes.map((node) => podOn(node, app)));
    await Promise.all(nodes.map(async (node) => ready(`limited-${node}`)));
    for (const host of stage.hosts) {
      const pod = await getPod(stage.kubectl, `limited-${host.name}`);
      await eventually(`limited-${host.name} to be throttled`, 60_000, async () => {
        await ask("limited", [host.name], "/burn/1500");
        return (await throttledOf(host, pod)) >= 5 ? true : undefined;
      });
    }
    await Promise.all(
      nodes.map(async (node) => {
        const name = `limited-${node}`;
        const ended = await endOf(
          "main",
          async () => getPod(stage.kubectl, name),
          async () => {
            expect(await ask("limited", [node], "/grow/400").catch(() => "cut off")).to.equal("cut off");
          },
        );
        expect(ended).to.include({ exitCode: 137, reason: "OOMKilled" });
        await ready(name);
      }),
    );
  });

  it("answers 10,000 requests without an error while a pod is deleted and containerd restarted and killed", async () => {
    await stage.apply(...deploymentOf({ name: "replicated", image: images.app }, NODES.length));
    await stage.kubectl(["rollout", "status", "deployment/replicated", "--timeout=55s"]);
    const pods = await placesOf("replicated");
    expect([...pods.values()].toSorted()).to.deep.equal(NODES.map(({ name }) => name));
    const address = await stage.kubectl(["get", "service", "replicated", "-o", "jsonpath={.spec.clusterIP}"]);
    const asked = { url: `http://${address}/`, node: "node1", least: REQUESTS, different: pods.size };
    const load = await startLoad(stage.cluster, asked);

    const [first = ""] = pods.keys();
    await stage.kubectl(["delete", "pod", first, "--wait"]);
    await stage.kubectl(["rollout", "status", "deployment/replicated", "--timeout=55s"]);
    const [, host, killed] = stage.hosts;
    await host?.out("systemctl restart containerd");
    await killed?.out("kill -9 $(systemctl show -P MainPID containerd)");
    await eventually("containerd again", 30_000, async () =>
      (await killed?.sh("ctr version"))?.code === 0 ? true : undefined,
    );
    await stage.kubectl(["rollout", "status", "deployment/replicated", "--timeout=55s"]);

    const { requests, failures, answers } = await load.stop();
    expect(failures).to.deep.equal([]);
    expect(requests).to.be.at.least(REQUESTS);
    const after1 = await placesOf("replicated");
    expect(new Set(Object.keys(answers))).to.deep.equal(new Set([...pods.keys(), ...after1.keys()]));
    const kept = [...pods.keys()].filter((name) => name !== first);
    expect([...after1.keys()]).to.include.members(kept);
    for (const name of kept) expect(containerOf(await getPod(stage.kubectl, name), "main").restartCount).to.equal(0);
  });

  async function described(pod: string, words: RegExp): Promise<void> {
    let last = "";
    await eventually(`${pod} to be described by ${String(words)}`, 60_000, async () => {
      last = await stage.kubectl(["describe", "pod", pod]);
      return words.test(last) ? true : undefined;
    }).catch((error: unknown) => {
      throw new Error(last, { cause: error });
    });
  }

  async function ready(pod: string): Promise<void> {
    await stage.kubectl(["wait", "--for=condition=Ready", `pod/${pod}`, "--timeout=55s"]);
  }
});

/** The API server's way to a pod. */
function proxied(pod: string, path: string): string {
  return `/api/v1/namespaces/default/pods/${pod}:8080/proxy${path}`;
}

import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { ask } from "../support/ask.ts";
import { MOST_PODS, RESOURCES, spinAppScaler, upAndDown } from "../support/autoscaled.ts";
import { scaledObject, scaledObjectDefinition } from "../support/keda.ts";
import { eventually } from "../support/kubectl.ts";
import { NODES } from "../support/node-host.ts";
import { containerOf, endOf, throttledOf } from "../support/pod-status.ts";
import { conditionOf, GROUP, OLDER_GROUP, spinApp } from "../support/spin-apps.ts";
import { onEach } from "../support/talk-node.ts";
import type { TalkNode } from "../support/talk-node.ts";
import { TalkScene, TOKEN } from "../support/talk-scene.ts";
import { together } from "../support/together.ts";

/** All but `keda`, which needs KEDA's definition first. */
const AT_ONCE = [
  "annotations",
  "resources",
  "probes",
  "hpa",
  "private-image",
  "volume",
  "variables",
  "runtime-config",
  "selective-deployment",
];
const SPIN_APPS = `spinapps.${OLDER_GROUP}`;
/** A SpinApp with an autoscaler of itself; on the first node one of the first group, and so on. */
const SCALED = "scaled";
const SCALED_GROUPS = [OLDER_GROUP, GROUP] as const;
/** What kubectl says of a ScaledObject without a target's name; the first as long as it has not read KEDA's definition. */
const NO_NAME = /scaleTargetRef(?:\.name: Required value|\): missing required field "name")/;
const VERSIONS = NODES.map(({ version }) => version).join(", ");

describe(`the manifests of the talk, on containerd ${VERSIONS} each`, () => {
  let scene: TalkScene;
  let nodes: readonly TalkNode[] = [];
  before(async function () {
    this.timeout(2_400_000); // metrics-server is built, once.
    scene = await TalkScene.open();
    ({ nodes } = scene);
    const scaled = { image: scene.images["cpu-load-gen"], replicas: 1, resources: RESOURCES };
    await onEach(nodes, async (node, at) => {
      await node.apply(...AT_ONCE);
      const group = SCALED_GROUPS[at];
      if (group !== undefined) await node.create(spinApp(SCALED, scaled, group), spinAppScaler(SCALED, group));
    });
  });
  after(async () => {
    await scene.stage.kubectl(["delete", "--ignore-not-found", "crd/scaledobjects.keda.sh"]);
    await scene.close();
  });

  it("1: annotations of Service, Deployment and pods", async () => {
    const name = "annotations-spinapp";
    await onEach(nodes, async (node) => {
      await node.until(name, "Running");
      expect(await node.json("service", name))
        .to.have.nested.property("metadata.annotations")
        .that.deep.equals({ key: "value" });
      const annotations = { key: "value", "multiple-keys": "are-supported" };
      expect(await node.json("deployment", name))
        .to.have.nested.property("metadata.annotations")
        .that.includes(annotations);
      const pod = await node.podOf(name);
      expect(await node.json("pod", pod.metadata.name))
        .to.have.nested.property("metadata.annotations")
        .that.includes({ key: "value" });
      expect(await node.ask(name, "/hello")).to.deep.equal({ status: 200, body: "hello from c, call 1\n" });
    });
  });

  it("2: resources, which the pod is held to", async () => {
    const name = "resource-requirements-spinapp";
    await onEach(nodes, async (node) => {
      await node.until(name, "Running");
      const running = await node.podOf(name);
      const found = await node.json("pod", running.metadata.name);
      expect(found).to.have.nested.property("spec.containers[0].resources").that.deep.equals(RESOURCES);
      expect(found).to.have.nested.property("status.qosClass", "Burstable");
      await eventually("it to be throttled", 60_000, async () => {
        await node.ask(name, "/burn/1500");
        return (await throttledOf(node.host, running)) >= 5 ? true : undefined;
      });
      const ended = await endOf(
        name,
        async () => node.podOf(name),
        async () => {
          expect(await node.ask(name, "/grow/700").catch(() => "cut off")).to.equal("cut off");
        },
      );
      expect(ended).to.include({ exitCode: 137, reason: "OOMKilled" });
    });
  });

  it("3: probes by HTTP; who is not ready gets no requests, who is not alive is restarted", async () => {
    const often = { initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 5 };
    const volumes = { volumes: [{ name: "v", emptyDir: {} }], volumeMounts: [{ name: "v", mountPath: "/v" }] };
    const readiness = { httpGet: { path: "/exists/v/ready" }, ...often };
    const liveness = { httpGet: { path: "/no/such/path" }, ...often };
    const base = { image: scene.images["hello"], replicas: 1 };
    const name = "healthchecks-spinapp";
    await onEach(nodes, async (node) => {
      await node.createSpinApp("unready", { ...base, ...volumes, checks: { readiness } });
      await node.createSpinApp("unwell", { ...base, checks: { liveness } });
      await node.until(name, "Running");
      const deployment = await node.json("deployment", name);
      for (const [kind, path] of Object.entries({ livenessProbe: "/hello", readinessProbe: "/go-hello" })) {
        const expected = { initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 1 };
        const probe = expect(deployment).to.have.nested.property(`spec.template.spec.containers[0].${kind}`);
        probe.that.includes(expected).and.has.nested.property("httpGet.path", path);
      }
      await node.podOf(name);
      expect((await node.ask(name, "/go-hello")).status).to.equal(200);

      const { podIP } = await eventually("unready to run", 60_000, async () => {
        const { status } = await node.podOf("unready");
        return status.phase === "Running" ? status : undefined;
      });
      expect(await node.askInVain("unready", "/").catch(() => "nobody there")).to.equal("nobody there");
      await ask(node.cluster, node.host.name, `http://${podIP}/append/v/ready`, "yes");
      await node.until("unready", "Running");
      expect((await node.ask("unready", "/")).status).to.equal(200);
      await eventually("a restart of unwell", 60_000, async () =>
        containerOf(await node.podOf("unwell"), "unwell").restartCount > 0 ? true : undefined,
      );
      await node.kubectl(["delete", SPIN_APPS, "unready", "unwell", "--wait=false"]);
    });
  });

  it("4: autoscalers, of the Deployment and of the SpinApp itself: more pods under load, fewer after it", async () => {
    const tasks = new Map(nodes.map((node) => [`Deployment on ${node.host.name}`, async () => scaleDeployment(node)]));
    for (const [at, group] of SCALED_GROUPS.entries()) {
      const node = nodes[at] ?? expect.fail("no node");
      tasks.set(`SpinApp of ${group}`, async () => scaleSpinApp(node, group));
    }
    await together(tasks);
  });

  it("4: KEDA's object, for the Deployment and for the SpinApp, and the scale that KEDA reads and writes", async () => {
    await scene.stage.kubectl(["apply", "--server-side", "-f", "-"], await scaledObjectDefinition());
    // A kind that is established may take a moment to be among those that the API server names.
    await eventually("ScaledObjects", 30_000, async () => scene.stage.kubectl(["get", "scaledobjects.keda.sh", "-A"]));
    const name = "keda-self";
    const target = { apiVersion: `${OLDER_GROUP}/v1alpha1`, kind: "SpinApp", name };
    await onEach(nodes, async (node) => {
      await node.apply("keda");
      await node.createSpinApp(name, { image: scene.images["hello"], replicas: 1, resources: RESOURCES });
      await node.create(scaledObject("self", target));
      const nobody = scaledObject("nobody", { ...target, name: undefined });
      expect(await node.create(nobody).catch(String)).to.match(NO_NAME);
      const targetOf = "spec.scaleTargetRef";
      expect(await node.json("scaledobject", "self"))
        .to.have.nested.property(targetOf)
        .that.deep.equals(target);
      expect(await node.json("scaledobject", "cpu-scaling"))
        .to.have.nested.property(targetOf)
        .that.deep.equals({ name: "keda-spinapp" });

      await node.until("keda-spinapp", "Running");
      const deployment = await node.json("deployment", "keda-spinapp", "--subresource=scale");
      expect(deployment).to.have.nested.property("spec.replicas", 1);
      await node.until(name, "Running");
      const scale = await node.json(SPIN_APPS, name, "--subresource=scale");
      expect(scale).to.include({ apiVersion: "autoscaling/v1", kind: "Scale" });
      expect(scale).to.have.nested.property("spec.replicas", 1);
      expect(scale).to.have.nested.property("status.replicas", 1);
      const { selector } = scale["status"] as { readonly selector: string };
      const selected = await node.kubectl(["get", "pods", "-l", selector, "-o", "name"]);
      expect(selected).to.equal(`pod/${(await node.podOf(name)).metadata.name}\n`);
      for (const [replicas, reason] of [
        [0, "ScaledToZero"],
        [2, "Running"],
      ] as const) {
        await node.kubectl(["scale", SPIN_APPS, name, `--replicas=${replicas}`]);
        await node.until(name, reason, ({ status }) => status?.readyReplicas === replicas);
      }
    });
  });

  it("5: an image of a registry that asks for a password", async () => {
    const name = "private-image-spinapp";
    const { registry: server, user, password } = scene.registry;
    const flags = [`--docker-server=${server}`, `--docker-username=${user}`, `--docker-password=${password}`];
    await onEach(nodes, async (node) => {
      const stuck = await node.until(name, "ImagePullBackOff");
      expect(conditionOf(stuck)?.message).to.include(scene.images["private-image"]).and.to.include("imagePullSecrets");
      await node.kubectl(["create", "secret", "docker-registry", "spin-image-secret", ...flags]);
      await node.renewPods(name); // Else it is tried again minutes later.
      await node.podOf(name);
      expect((await node.ask(name, "/")).status).to.equal(200);
    });
  });

  it("6: a PersistentVolume that the guest writes and reads, kept across pods", async () => {
    const name = "volume-mount-spinapp";
    const file = "mnt/data/words";
    await onEach(nodes, async (node) => {
      await node.until(name, "Running");
      for (const [word, expected] of [
        [`${node.host.name} `, `${node.host.name} `],
        ["again", `${node.host.name} again`],
      ] as const) {
        expect(await node.ask(name, `/append/${file}`, word)).to.deep.equal({ status: 200, body: word });
        expect((await node.ask(name, `/read/${file}`)).body).to.equal(expected);
        await node.renewPods(name);
      }
      await node.podOf(name);
      const words = `${node.host.name} again`;
      expect((await node.ask(name, `/read/${file}`)).body).to.equal(words);
      expect(await node.host.out(`cat /${file}`)).to.equal(words);
    });
  });

  it("7: variables, also of Secret and ConfigMap", async () => {
    const explorer = "variable-explorer";
    await onEach(nodes, async (node) => {
      await node.until("variables-spinapp", "Running");
      await node.podOf("variables-spinapp");
      expect((await node.ask("variables-spinapp", "/variable/greeting")).body).to.equal("Hello Fermyon!");
      await node.until(explorer, "Running");
      await node.podOf(explorer);
      for (const [variable, value] of Object.entries({
        log_level: "INFO",
        platform_name: "Kubernetes",
        db_password: "secret_sauce\n",
      })) {
        expect((await node.ask(explorer, `/variable/${variable}`)).body).to.equal(value);
      }
    });
  });

  it("8: a database by runtime configuration, its token of a Secret: the guest inserts and selects", async () => {
    const name = "runtime-config";
    await onEach(nodes, async (node) => {
      const waiting = await node.until(name, "SecretNotFound");
      expect(conditionOf(waiting)?.message).to.include("my-super-secret");
      await node.kubectl(["create", "secret", "generic", "my-super-secret", `--from-literal=turso-token=${TOKEN}`]);
      await node.until(name, "Running");
      await node.podOf(name);
      for (const note of [node.host.name, "two"]) await node.ask(name, "/sqlite", note);
      expect((await node.ask(name, "/sqlite")).body).to.equal(`1 ${node.host.name}\n2 two\n`);
    });
  });

  it("and SpinKube's sample beside them: the components that are named, and no others", async () => {
    const name = "hello-salutation-spinapp";
    await onEach(nodes, async (node) => {
      await node.until(name, "Running");
      await node.podOf(name);
      expect(await node.ask(name, "/hi")).to.deep.equal({ status: 200, body: "hello from c, call 1\n" });
      expect((await node.ask(name, "/bye")).status).to.equal(404);
    });
  });

  it("leave nothing when their SpinApps go", async () => {
    const kinds = "deployments,replicasets,pods,services,endpointslices,secrets,configmaps";
    const ours = [kinds, "-l", `${OLDER_GROUP}/app-name`, "-o", "name"];
    await onEach(nodes, async ({ kubectl }) => {
      expect(await kubectl(["get", ...ours])).to.include("deployment.apps/hpa-spinapp");
      await kubectl(["delete", SPIN_APPS, "--all", "--wait=false"]);
      await eventually("an end of all", 120_000, async () =>
        (await kubectl(["get", ...ours])) === "" ? true : undefined,
      );
    });
  });
});

async function scaleDeployment(node: TalkNode): Promise<void> {
  const name = "hpa-spinapp";
  const { up, report, down } = await upAndDown(node, name);
  expect(up.spec).to.not.have.property("replicas");
  expect(Object.keys(report.answers)).to.not.have.length(0); // Some may fail: the manifest has no readiness probe.
  expect(down.status).to.include({ desiredReplicas: 1, readyReplicas: 1 });
  await node.podOf(name);
  const scaler = await node.json("hpa", "spinapp-autoscaler");
  expect(scaler).to.have.nested.property("status.currentReplicas").that.is.at.most(MOST_PODS);
}

async function scaleSpinApp(node: TalkNode, group: string): Promise<void> {
  const { up, report, down } = await upAndDown(node, SCALED, group);
  expect(up.spec.replicas, "pods that the SpinApp asks for under load").to.be.within(2, MOST_PODS);
  expect(Object.keys(report.answers)).to.not.have.length(0);
  expect(down.spec.replicas).to.equal(1);
  expect(down.status).to.include({ desiredReplicas: 1, readyReplicas: 1 });
}

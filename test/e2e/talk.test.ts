import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { MACHINE_ADDRESS } from "../cluster/index.ts";
import { ask } from "../support/ask.ts";
import { cleanUp, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { scaledObjectDefinition } from "../support/keda.ts";
import { eventually } from "../support/kubectl.ts";
import { LibsqlServer } from "../support/libsql-server.ts";
import { startLoad } from "../support/load.ts";
import { startMetricsServer } from "../support/metrics-server.ts";
import type { MetricsServer } from "../support/metrics-server.ts";
import { installOwnShim } from "../support/own-shim.ts";
import { containerOf, getPod, throttledOf } from "../support/pod-status.ts";
import { startPrivateRegistry } from "../support/private-registry.ts";
import type { PrivateRegistry } from "../support/private-registry.ts";
import { pushToCluster, pushToRegistry } from "../support/registry-push.ts";
import {
  addressOf,
  askSpinApp,
  conditionOf,
  podsOf,
  SPIN_CLASS,
  spinApp,
  spinAppExecutor,
  spinArtifactOf,
  waitForSpinApp,
} from "../support/spin-apps.ts";

const MANIFESTS = join(import.meta.dirname, "talk");
/** All but `keda` and `private-image`, which need something first. */
const AT_ONCE = ["annotations", "resources", "probes", "hpa", "volume", "variables", "runtime-config"] as const;
const MOST_PODS = 10;
const TOKEN = "s3cr3t";

describe("the manifests of the talk", () => {
  let stage: Stage;
  let folder = "";
  let registry: PrivateRegistry;
  let database: LibsqlServer;
  let metrics: MetricsServer | undefined;
  /** What stands for the names between angle brackets. */
  const places: Record<string, string> = {};
  before(async function () {
    this.timeout(2_400_000); // metrics-server is built, once.
    stage = await openStage();
    folder = await mkdtemp(join(tmpdir(), "rcm-talk-"));
    database = new LibsqlServer(join(folder, "served.db"), TOKEN);
    const app = await spinArtifactOf("rust-app");
    registry = await startPrivateRegistry(stage.hosts);
    const login = `${registry.user}:${registry.password}`;
    places["private"] = await pushToRegistry(app, { registry: registry.registry, repository: "private", login });
    places["app"] = await pushToCluster(app, "talk-app");
    places["hello"] = await pushToCluster(await spinArtifactOf("c-spin"), "talk-hello");
    places["talk"] = await pushToCluster(await spinArtifactOf("talk"), "talk");
    places["database"] = await database.listen(MACHINE_ADDRESS);
    await Promise.all([
      installOwnShim(stage, SPIN_CLASS),
      startMetricsServer(stage.cluster, stage.kubectl).then((started) => (metrics = started)),
    ]);
    await stage.apply(spinAppExecutor());
    for (const name of AT_ONCE) await apply(name);
    await apply("private-image");
  });
  after(async () => {
    for (const name of [...AT_ONCE, "private-image"]) {
      await stage.kubectl(["delete", "--ignore-not-found", "--wait=false", "-f", "-"], await manifest(name));
    }
    await stage.kubectl(["delete", "--ignore-not-found", "crd/scaledobjects.keda.sh"]);
    await stage.kubectl(["delete", "--ignore-not-found", "secrets", "my-super-secret", "spin-image-secret"]);
    await stage.kubectl(["delete", "spinapps,spinappexecutors", "--all"]);
    await metrics?.stop();
    await cleanUp(stage);
    await stage.hosts[0]?.out("rm -rf /mnt/data");
    await registry.stop();
    await database.close();
    await rm(folder, { recursive: true });
    await stage.close();
  });

  async function manifest(name: string): Promise<string> {
    const text = await readFile(join(MANIFESTS, `${name}.yaml`), "utf8");
    return text.replaceAll(/<(\w+)>/g, (_, place: string) => places[place] ?? expect.fail(place));
  }

  async function apply(name: string): Promise<void> {
    await stage.kubectl(["apply", "-f", "-"], await manifest(name));
  }

  async function json(...what: readonly string[]): Promise<Record<string, unknown>> {
    return JSON.parse(await stage.kubectl(["get", ...what, "-o", "json"])) as Record<string, unknown>;
  }

  it("1: annotations of Service, Deployment and pods", async () => {
    const name = "annotations-spinapp";
    await waitForSpinApp(stage.kubectl, name, "Running");
    expect(await json("service", name))
      .to.have.nested.property("metadata.annotations")
      .that.deep.equals({ key: "value" });
    const deployment = await json("deployment", name);
    const annotations = { key: "value", "multiple-keys": "are-supported" };
    expect(deployment).to.have.nested.property("metadata.annotations").that.includes(annotations);
    const [pod = ""] = await podsOf(stage.kubectl, name);
    expect(await json("pod", pod))
      .to.have.nested.property("metadata.annotations")
      .that.includes({ key: "value" });
    expect(await askSpinApp(stage, name, "/")).to.deep.equal({ status: 200, body: "hello from c, call 1\n" });
  });

  it("2: resources, which the pod is held to", async () => {
    const name = "resource-requirements-spinapp";
    await waitForSpinApp(stage.kubectl, name, "Running");
    const [pod = ""] = await podsOf(stage.kubectl, name);
    const found = await json("pod", pod);
    const resources = { limits: { cpu: "500m", memory: "500Mi" }, requests: { cpu: "100m", memory: "400Mi" } };
    expect(found).to.have.nested.property("spec.containers[0].resources").that.deep.equals(resources);
    expect(found).to.have.nested.property("status.qosClass", "Burstable");
    const running = await getPod(stage.kubectl, pod);
    const host = stage.hosts.find(({ name: node }) => node === running.spec.nodeName) ?? expect.fail("no node");
    await eventually("it to be throttled", 60_000, async () => {
      await askSpinApp(stage, name, "/burn/1500");
      return (await throttledOf(host, running)) >= 5 ? true : undefined;
    });
    expect(await askSpinApp(stage, name, "/grow/700").catch(() => "cut off")).to.equal("cut off");
    const ended = await eventually("an end by memory", 30_000, async () => {
      const { lastState } = containerOf(await getPod(stage.kubectl, pod), name);
      return lastState?.terminated;
    });
    expect(ended).to.include({ exitCode: 137, reason: "OOMKilled" });
  });

  it("3: probes by HTTP; who is not ready gets no requests, who is not alive is restarted", async () => {
    const often = { initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 5 };
    const volumes = { volumes: [{ name: "v", emptyDir: {} }], volumeMounts: [{ name: "v", mountPath: "/v" }] };
    const readiness = { httpGet: { path: "/exists/v/ready" }, ...often };
    const liveness = { httpGet: { path: "/no/such/path" }, ...often };
    const base = { image: places["app"], replicas: 1 };
    const unready = spinApp("unready", { ...base, ...volumes, checks: { readiness } });
    const unwell = spinApp("unwell", { ...base, checks: { liveness } });
    await stage.apply(unready, unwell);
    await waitForSpinApp(stage.kubectl, "healthchecks-spinapp", "Running");
    const deployment = await json("deployment", "healthchecks-spinapp");
    for (const [kind, path] of Object.entries({ livenessProbe: "/hello", readinessProbe: "/go-hello" })) {
      const expected = { initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 1 };
      const probe = expect(deployment).to.have.nested.property(`spec.template.spec.containers[0].${kind}`);
      probe.that.includes(expected).and.has.nested.property("httpGet.path", path);
    }
    expect((await askSpinApp(stage, "healthchecks-spinapp", "/go-hello")).status).to.equal(200);

    const [pod = ""] = await podsOf(stage.kubectl, "unready");
    await eventually("unready to run", 60_000, async () =>
      (await getPod(stage.kubectl, pod)).status.phase === "Running" ? true : undefined,
    );
    expect(await askSpinApp(stage, "unready", "/").catch(() => "nobody there")).to.equal("nobody there");
    const { podIP } = (await getPod(stage.kubectl, pod)).status;
    await ask(stage.cluster, "node1", `http://${podIP}/append/v/ready`, "yes");
    await waitForSpinApp(stage.kubectl, "unready", "Running");
    expect((await askSpinApp(stage, "unready", "/")).status).to.equal(200);
    const [ill = ""] = await podsOf(stage.kubectl, "unwell");
    await eventually("a restart of unwell", 60_000, async () =>
      containerOf(await getPod(stage.kubectl, ill), "unwell").restartCount > 0 ? true : undefined,
    );
  });

  it("4: an autoscaler of the Deployment: more pods under load, fewer after it; KEDA's object", async () => {
    const name = "hpa-spinapp";
    const app = await waitForSpinApp(stage.kubectl, name, "Running");
    expect(app.status?.replicas).to.equal(1);
    const url = `http://${await addressOf(stage.kubectl, name)}/burn/50`;
    const load = await startLoad(stage.cluster, { url, node: "node1", least: 1, clients: 4, pauseMs: 20 });
    await waitForSpinApp(stage.kubectl, name, "Running", ({ status }) => (status?.readyReplicas ?? 0) >= 2);
    const { answers } = await load.stop(); // Some may fail: the talk's manifest has no probe that says when a pod listens.
    expect(Object.keys(answers).length).to.be.greaterThan(0);
    const settled = await waitForSpinApp(stage.kubectl, name, "Running", ({ status }) => status?.replicas === 1);
    expect(settled.status?.desiredReplicas).to.equal(1);
    const scaler = await json("hpa", "spinapp-autoscaler");
    expect(scaler).to.have.nested.property("status.currentReplicas").that.is.at.most(MOST_PODS);

    await stage.kubectl(["apply", "--server-side", "-f", "-"], await scaledObjectDefinition());
    await stage.kubectl(["wait", "--for=condition=Established", "crd/scaledobjects.keda.sh", "--timeout=30s"]);
    await apply("keda");
    await waitForSpinApp(stage.kubectl, "keda-spinapp", "Running");
    const keda = await json("scaledobject", "cpu-scaling");
    expect(keda).to.have.nested.property("spec.scaleTargetRef.name", "keda-spinapp");
    expect(await json("deployment", "keda-spinapp", "--subresource=scale")).to.have.nested.property("spec.replicas", 1);
  });

  it("5: an image of a registry that asks for a password", async () => {
    const name = "private-image-spinapp";
    const stuck = await waitForSpinApp(stage.kubectl, name, "ImagePullBackOff");
    expect(conditionOf(stuck)?.message).to.include(places["private"]).and.to.include("imagePullSecrets");
    const { registry: server, user, password } = registry;
    const flags = [`--docker-server=${server}`, `--docker-username=${user}`, `--docker-password=${password}`];
    await stage.kubectl(["create", "secret", "docker-registry", "spin-image-secret", ...flags]);
    await stage.kubectl(["delete", "pod", ...(await podsOf(stage.kubectl, name))]); // Else it is tried again minutes later.
    await waitForSpinApp(stage.kubectl, name, "Running");
    expect((await askSpinApp(stage, name, "/")).status).to.equal(200);
  });

  it("6: a PersistentVolume that the guest writes and reads, kept across pods", async () => {
    const name = "volume-mount-spinapp";
    await waitForSpinApp(stage.kubectl, name, "Running");
    for (const [word, expected] of [
      ["one ", "one "],
      ["two", "one two"],
    ] as const) {
      expect(await askSpinApp(stage, name, "/append/mnt/data/words", word)).to.deep.equal({ status: 200, body: word });
      expect((await askSpinApp(stage, name, "/read/mnt/data/words")).body).to.equal(expected);
      await stage.kubectl(["delete", "pod", ...(await podsOf(stage.kubectl, name))]);
      await waitForSpinApp(stage.kubectl, name, "Running");
    }
    expect((await askSpinApp(stage, name, "/read/mnt/data/words")).body).to.equal("one two");
    expect(await stage.hosts[0]?.out("cat /mnt/data/words")).to.equal("one two");
  });

  it("7: variables, also of Secret and ConfigMap", async () => {
    await waitForSpinApp(stage.kubectl, "variables-spinapp", "Running");
    expect((await askSpinApp(stage, "variables-spinapp", "/variable/greeting")).body).to.equal("Hello Fermyon!");
    await waitForSpinApp(stage.kubectl, "variable-explorer", "Running");
    for (const [variable, value] of Object.entries({
      log_level: "INFO",
      platform_name: "Kubernetes",
      db_password: "secret_sauce",
    })) {
      expect((await askSpinApp(stage, "variable-explorer", `/variable/${variable}`)).body).to.equal(value);
    }
  });

  it("8: a database by runtime configuration, its token of a Secret: the guest inserts and selects", async () => {
    const waiting = await waitForSpinApp(stage.kubectl, "runtime-config", "SecretNotFound");
    expect(conditionOf(waiting)?.message).to.include("my-super-secret");
    await stage.kubectl(["create", "secret", "generic", "my-super-secret", `--from-literal=turso-token=${TOKEN}`]);
    await waitForSpinApp(stage.kubectl, "runtime-config", "Running");
    for (const note of ["one", "two"]) await askSpinApp(stage, "runtime-config", "/sqlite", note);
    expect((await askSpinApp(stage, "runtime-config", "/sqlite")).body).to.equal("1 one\n2 two\n");
  });
});

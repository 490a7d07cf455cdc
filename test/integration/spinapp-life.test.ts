import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { executor, secret, spinApp, SpinScene } from "../support/spin-scene.ts";

interface Deployment {
  readonly metadata: { readonly uid: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: {
        readonly runtimeClassName?: string;
        readonly containers: readonly {
          readonly image: string;
          readonly env: readonly { name: string; value?: string }[];
        }[];
        readonly volumes: readonly { readonly name: string; readonly secret: { readonly secretName: string } }[];
      };
    };
  };
}

const OLDER = "core.spinoperator.dev";
const SHIM = { runtimeClassName: "wasmtime-spin-v2" };

describe("a SpinApp's life, with the rights of deploy/, on a real API server", function life() {
  this.timeout(120_000);
  let scene: SpinScene;
  before(async () => {
    scene = await SpinScene.open();
  });
  after(async () => {
    await scene.close();
  });

  async function kubectl(namespace: string, ...args: readonly string[]): Promise<string> {
    return scene.bench.kubectl(["-n", namespace, ...args]);
  }

  async function deploymentOf(namespace: string, name: string): Promise<Deployment> {
    const found = await scene.get<Deployment>(namespace, "deployment", name);
    if (found === undefined) throw new Error(`There is no Deployment ${name}`);
    return found;
  }

  async function configName(namespace: string, name: string): Promise<string> {
    const { volumes } = (await deploymentOf(namespace, name)).spec.template.spec;
    return volumes.find((volume) => volume.name === "spin-runtime-config")?.secret.secretName ?? "";
  }

  async function notes(namespace: string, reason: string): Promise<readonly string[]> {
    const events = await scene.get<{ items: readonly { reason: string; message: string }[] }>(namespace, "events");
    return (events?.items ?? []).filter((event) => event.reason === reason).map(({ message }) => message);
  }

  it("follows its spec, puts back what others change, and leaves nothing", async () => {
    await scene.namespace("life");
    const extras = { deploymentAnnotations: { a: "1", b: "2" }, runtimeConfig: { llmCompute: { type: "spin" } } };
    await scene.apply("life", spinApp("app", extras));
    const app = await scene.until("life", "app", "Running");
    expect(app.status).to.include({
      readyReplicas: 1,
      address: "http://app.life.svc",
      activeScheduler: "containerd-shim-spin",
    });
    await scene.apply(
      "life",
      spinApp("app", { ...extras, deploymentAnnotations: { a: "1" }, image: "example.org/hello:2" }),
    );
    await scene.until("life", "app", "Running");
    const { metadata, spec } = await deploymentOf("life", "app");
    expect(spec.template.spec.containers[0]?.image).to.equal("example.org/hello:2");
    expect(metadata.annotations).to.include({ a: "1" }).and.not.have.property("b");
    await kubectl("life", "set", "image", "deployment/app", "app=example.org/other");
    await kubectl("life", "delete", "service", "app");
    await scene.eventually("the image to be put back", async () => {
      return (await deploymentOf("life", "app")).spec.template.spec.containers[0]?.image === "example.org/hello:2";
    });
    await scene.eventually(
      "the Service to be back",
      async () => (await scene.get("life", "service", "app")) !== undefined,
    );
    await kubectl("life", "delete", "spinapp", "app");
    await scene.eventually("everything to be gone", async () => {
      const left = await kubectl("life", "get", "deployments,services,secrets,pods", "-o", "name");
      return left.trim() === "secret/spin-ca";
    });
  });

  it("waits for its executor, Secret, ConfigMap and key, says so, and goes on by itself", async () => {
    await scene.bench.kubectl(["create", "namespace", "healing"]);
    const options = [
      { name: "url", valueFrom: { configMapKeyRef: { name: "places", key: "url" } } },
      { name: "token", valueFrom: { secretKeyRef: { name: "tokens", key: "token" } } },
    ];
    const runtimeConfig = { sqliteDatabases: [{ name: "default", type: "libsql", options }] };
    await scene.apply("healing", spinApp("app", { runtimeConfig }));
    await scene.until("healing", "app", "MissingExecutor");
    await scene.apply("healing", executor("containerd-shim-spin", SHIM));
    await scene.until("healing", "app", "ConfigMapNotFound");
    await kubectl("healing", "create", "configmap", "places", "--from-literal=url=https://example.org");
    await scene.until("healing", "app", "SecretNotFound");
    await scene.apply("healing", secret("tokens", { other: "1" }));
    await scene.until("healing", "app", "KeyNotFound");
    expect(await scene.get("healing", "deployment", "app")).to.equal(undefined);
    await scene.apply("healing", secret("tokens", { token: "one" }));
    await scene.until("healing", "app", "Running");
    expect(await notes("healing", "MissingExecutor")).to.deep.equal([
      'Could not find SpinAppExecutor healing/containerd-shim-spin: create it, or change spec.executor of "app"',
    ]);
    expect(await notes("healing", "SecretNotFound")).to.deep.equal([
      'spec.runtimeConfig.sqliteDatabases[0].options[1].valueFrom.secretKeyRef names Secret "tokens", which is not in the namespace: create it with the key "token", or change the field',
    ]);
  });

  it("rolls out when a value that it refers to changes, and only then", async () => {
    await scene.namespace("values");
    const options = [{ name: "token", valueFrom: { secretKeyRef: { name: "tokens", key: "token" } } }];
    const runtimeConfig = { keyValueStores: [{ name: "default", type: "redis", options }] };
    const variables = [
      { name: "level", valueFrom: { configMapKeyRef: { name: "levels", key: "level", optional: true } } },
    ];
    await scene.apply("values", secret("tokens", { token: "one" }), spinApp("app", { runtimeConfig, variables }));
    await scene.until("values", "app", "Running");
    const first = await configName("values", "app");
    await scene.apply("values", secret("tokens", { token: "one", other: "x" }));
    await scene.apply("values", secret("tokens", { token: "two", other: "x" }));
    await scene.eventually("another configuration", async () => (await configName("values", "app")) !== first);
    await scene.eventually("the old configuration to go", async () => {
      return (await kubectl("values", "get", "secret", first, "--ignore-not-found", "-o", "name")) === "";
    });
    await scene.until("values", "app", "Running");
    const annotations = (await deploymentOf("values", "app")).spec.template.metadata.annotations;
    await kubectl("values", "create", "configmap", "levels", "--from-literal=level=debug");
    await scene.eventually("pods with the new level", async () => {
      const now = (await deploymentOf("values", "app")).spec.template.metadata.annotations;
      return now?.["core.spinkube.dev/references"] !== annotations?.["core.spinkube.dev/references"];
    });
  });

  it("does not hold up others when it cannot be, nor take what is not its own", async () => {
    await scene.namespace("bad");
    await kubectl("bad", "create", "deployment", "taken", "--image=example.org/mine");
    await kubectl("bad", "create", "service", "clusterip", "port", "--tcp=80");
    const uid = (await deploymentOf("bad", "taken")).metadata.uid;
    const missing = { runtimeConfig: { loadFromSecret: "nowhere" } };
    const refused = { resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } };
    await scene.apply(
      "bad",
      spinApp("taken"),
      spinApp("port"),
      spinApp("lost", missing),
      spinApp("odd", refused),
      spinApp("good"),
    );
    await scene.until("bad", "good", "Running");
    await scene.until("bad", "taken", "NameConflict");
    await scene.until("bad", "port", "NameConflict");
    await scene.until("bad", "lost", "SecretNotFound");
    const odd = await scene.until("bad", "odd", "DeploymentRefused");
    expect(odd.status?.conditions?.[0]?.message).to.include("must be less than or equal to cpu limit");
    const { metadata, spec } = await deploymentOf("bad", "taken");
    expect(metadata.uid).to.equal(uid);
    expect(spec.template.spec.containers[0]?.image).to.equal("example.org/mine");
  });

  it("says what the API server itself fails at, and goes on when that is over", async () => {
    await scene.namespace("hooked");
    await scene.apply("hooked", WEBHOOK, spinApp("app"));
    const app = await scene.until("hooked", "app", "ServerError");
    expect(app.status?.conditions?.[0]?.message).to.include("failed calling webhook");
    await kubectl("hooked", "delete", "validatingwebhookconfiguration", "away");
    await scene.until("hooked", "app", "Running");
  });

  it("lives in the older group too, beside one of the same name", async () => {
    await scene.namespace("older", OLDER);
    await scene.apply("older", spinApp("app", {}, OLDER));
    await scene.until("older", "app", "Running", `spinapps.${OLDER}`);
    const pods = await kubectl("older", "get", "pods", "-l", `${OLDER}/app.app.status=ready`, "-o", "name");
    expect(pods.trim().split("\n")).to.have.length(1);
    await scene.apply("older", spinApp("app"));
    await scene.until("older", "app", "NameConflict", "spinapps.core.spinkube.dev");
    await kubectl("older", "delete", `spinapps.${OLDER}`, "app");
    // The name is free, and taken at once.
    await scene.until("older", "app", "Running", "spinapps.core.spinkube.dev");
  });

  it("scales by itself, by kubectl, and by an autoscaler of the Deployment", async () => {
    await scene.namespace("scale");
    await scene.apply("scale", spinApp("app"));
    await scene.until("scale", "app", "Running");
    await kubectl("scale", "scale", "spinapp", "app", "--replicas=3");
    await scene.until("scale", "app", "Running");
    expect((await deploymentOf("scale", "app")).spec.replicas).to.equal(3);
    expect(await kubectl("scale", "get", "spinapp")).to.match(/\napp +3 +3 +containerd-shim-spin +http:\S+ +Running/);
    await scene.apply("scale", spinApp("app", { replicas: undefined, enableAutoscaling: true }));
    await kubectl("scale", "patch", "spinapp", "app", "--type=merge", "-p", '{"spec":{"replicas":null}}');
    await scene.until("scale", "app", "Running");
    expect((await deploymentOf("scale", "app")).spec.replicas).to.equal(3);
    await kubectl("scale", "scale", "deployment", "app", "--replicas=2");
    await scene.apply(
      "scale",
      spinApp("app", { replicas: undefined, enableAutoscaling: true, image: "example.org/hello:2" }),
    );
    await scene.until("scale", "app", "Running");
    expect((await deploymentOf("scale", "app")).spec.replicas).to.equal(2);
    await scene.apply("scale", spinApp("app", { replicas: 0 }));
    const stopped = await scene.until("scale", "app", "ScaledToZero");
    expect(stopped.status?.readyReplicas).to.equal(0);
  });

  it("follows its executor, which stays while it is needed", async () => {
    await scene.namespace("executors");
    await scene.apply("executors", spinApp("app", { executor: undefined }));
    await scene.until("executors", "app", "Running");
    const otel = { exporter_otlp_endpoint: "http://collector:4318" };
    await scene.apply("executors", executor("containerd-shim-spin", { ...SHIM, otel }));
    await scene.eventually("the new variable", async () => {
      const { env } = (await deploymentOf("executors", "app")).spec.template.spec.containers[0] ?? { env: [] };
      return env.some(({ value }) => value === otel.exporter_otlp_endpoint);
    });
    await kubectl("executors", "delete", "spinappexecutor", "containerd-shim-spin", "--wait=false");
    await scene.eventually("the event", async () => (await notes("executors", "DeletionBlocked")).length > 0);
    const external = { ...executor("external", {}), spec: { createDeployment: false } };
    await scene.apply("executors", external, spinApp("app", { executor: "external", podAnnotations: { a: "1" } }));
    await scene.until("executors", "app", "AnnotationsNotUsed");
    await kubectl("executors", "patch", "spinapp", "app", "--type=merge", "-p", '{"spec":{"podAnnotations":null}}');
    await scene.until("executors", "app", "ServiceReady");
    expect(await scene.get("executors", "deployment", "app")).to.equal(undefined);
    expect(await scene.get("executors", "service", "app")).not.to.equal(undefined);
    await kubectl("executors", "wait", "--for=delete", "spinappexecutor/containerd-shim-spin", "--timeout=20s");
  });

  it("leaves pods and others' Deployments alone where its executor makes none, and takes them up again", async () => {
    await scene.namespace("external");
    await scene.apply("external", { ...executor("external", {}), spec: { createDeployment: false } });
    await kubectl("external", "create", "deployment", "app", "--image=example.org/of-somebody-else", "--replicas=0");
    // As an executor may: the manager sees it then.
    await kubectl("external", "label", "deployment", "app", "core.spinkube.dev/app-name=app");
    const { uid } = (await deploymentOf("external", "app")).metadata;
    const runtimeConfig = { llmCompute: { type: "spin" } };
    await scene.apply("external", spinApp("app", { executor: "external", runtimeConfig }));
    const { status } = await scene.until("external", "app", "ServiceReady");
    expect(status).to.include({ activeScheduler: "external", address: "http://app.external.svc" });
    expect(status?.conditions?.map(({ type }) => type)).to.deep.equal(["Ready"]);
    expect((await deploymentOf("external", "app")).metadata.uid).to.equal(uid);
    const selector = await kubectl("external", "get", "service", "app", "-o", "jsonpath={.spec.selector}");
    expect(JSON.parse(selector)).to.deep.equal({ "core.spinkube.dev/app.app.status": "ready" });
    expect(await kubectl("external", "get", "secrets", "-o", "name")).to.equal("");
    await kubectl("external", "delete", "deployment", "app");
    for (let round = 0; round < 2; round += 1) {
      await scene.apply("external", spinApp("app", { runtimeConfig }));
      await scene.until("external", "app", "Running");
      const config = await configName("external", "app");
      expect(await scene.get("external", "secret", config)).not.to.equal(undefined);
      await scene.apply("external", spinApp("app", { executor: "external", runtimeConfig }));
      await scene.until("external", "app", "ServiceReady");
      await scene.eventually("the end of the Deployment and its Secret", async () => {
        const left = [await scene.get("external", "deployment", "app"), await scene.get("external", "secret", config)];
        return left.every((each) => each === undefined);
      });
    }
  });

  it("has certificates that are renewed when they are ours and old, made again when they go", async () => {
    await scene.namespace("certificates");
    await scene.apply("certificates", spinApp("app"));
    await scene.until("certificates", "app", "Running");
    const key = "core.spinkube.dev/ca-certificates-sha256";
    async function digest(): Promise<string> {
      const path = `jsonpath={.metadata.annotations.${key.replaceAll(".", String.raw`\.`)}}`;
      return kubectl("certificates", "get", "secret", "spin-ca", "--ignore-not-found", "-o", path);
    }
    const first = await digest();
    expect(first).to.match(/^[0-9a-f]{64}$/);
    await kubectl("certificates", "annotate", "--overwrite", "secret", "spin-ca", `${key}=old`);
    await scene.eventually("the renewal", async () => (await digest()) === first);
    await kubectl("certificates", "delete", "secret", "spin-ca");
    await scene.eventually("the Secret to be back", async () => (await digest()) === first);
  });

  it("says why its pods do not run", async () => {
    await scene.namespace("pods");
    scene.held.add("unpulled");
    await scene.apply("pods", spinApp("unpulled", { image: "example.org/private:1" }));
    let pod = "";
    await scene.eventually("a pod", async () => {
      pod = (await kubectl("pods", "get", "pods", "-o", "name")).trim();
      return pod !== "";
    });
    const message = 'Back-off pulling image "example.org/private:1": no credentials';
    const waiting = { reason: "ErrImagePull", message };
    const base = { name: "unpulled", image: "i", imageID: "", ready: false, restartCount: 0 };
    const status = { containerStatuses: [{ ...base, state: { waiting } }] };
    await kubectl("pods", "patch", pod, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status }));
    const app = await scene.until("pods", "unpulled", "ImagePullBackOff");
    expect(app.status?.conditions?.[0]?.message)
      .to.include('"example.org/private:1"')
      .and.include("spec.imagePullSecrets");
    await scene.eventually("the event", async () => (await notes("pods", "ImagePullBackOff")).length === 1);
  });
});

/** A policy of the namespace `hooked` whose server is not there: the API server calls that its own error. */
const WEBHOOK = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "away" },
  webhooks: [
    {
      name: "away.example.org",
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      clientConfig: { url: "https://127.0.0.1:1/" },
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "hooked" } },
      rules: [{ apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] }],
    },
  ],
};

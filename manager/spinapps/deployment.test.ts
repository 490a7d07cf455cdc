import { expect } from "chai";
import { describe, it } from "mocha";
import { APP_ID, executor, spinApp } from "./build-examples.ts";
import { deploymentFor, type PodConfig } from "./deployment.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

interface Made {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly metadata: Readonly<Record<string, unknown>>;
      readonly spec: Readonly<Record<string, unknown>> & {
        readonly containers: readonly Readonly<Record<string, unknown>>[];
      };
    };
  };
}

const NO_CONFIG: PodConfig = { secretName: undefined, restartKey: undefined };

function made(app: SpinAppObject, by: ExecutorObject = executor(), config: PodConfig = NO_CONFIG): Made {
  return deploymentFor(APP_ID, app, by, config) as unknown as Made;
}

describe("deploymentFor()", () => {
  it("has exactly what a SpinApp says", () => {
    const labels = { "core.spinkube.dev/app-name": "app" };
    const podLabels = { ...labels, "core.spinkube.dev/app.app.status": "ready" };
    expect(deploymentFor(APP_ID, spinApp(), executor(), NO_CONFIG)).to.deep.equal({
      metadata: {
        name: "app",
        namespace: "ns",
        labels,
        ownerReferences: [
          {
            apiVersion: "core.spinkube.dev/v1alpha1",
            kind: "SpinApp",
            name: "app",
            uid: "app-uid",
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        replicas: 2,
        selector: { matchLabels: podLabels },
        template: {
          metadata: { labels: podLabels },
          spec: {
            runtimeClassName: "spin",
            serviceAccountName: "default",
            containers: [
              {
                name: "app",
                image: "example.org/app:1",
                command: ["/"],
                ports: [{ name: "http-app", containerPort: 80, protocol: "TCP" }],
                env: [{ name: "SPIN_HTTP_LISTEN_ADDR", value: "0.0.0.0:80" }],
              },
            ],
          },
        },
      },
    });
  });

  it("leaves the number of pods to an autoscaler, and wants one where nobody says", () => {
    expect(made(spinApp({ enableAutoscaling: true })).spec).not.to.have.property("replicas");
    expect(made({ ...spinApp(), spec: { image: "i" } }).spec.replicas).to.equal(1);
    expect(made(spinApp({ replicas: 0 })).spec.replicas).to.equal(0);
  });

  it("hands on what is a Pod's", () => {
    const fields = {
      nodeSelector: { a: "b" },
      tolerations: [{ operator: "Exists" }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "k", whenUnsatisfiable: "DoNotSchedule" }],
      imagePullSecrets: [{ name: "s" }],
    };
    const sidecar = { name: "side", image: "i" };
    const app = spinApp({
      ...fields,
      sidecars: [sidecar],
      podSecurityContext: { fsGroup: 1 },
      securityContext: { runAsNonRoot: true },
      imagePullPolicy: "Always",
      resources: { limits: { cpu: "1" } },
      serviceAccountName: "me",
    });
    const { spec } = made(app).spec.template;
    expect(spec).to.deep.include({ ...fields, securityContext: { fsGroup: 1 }, serviceAccountName: "me" });
    expect(spec.containers[0]).to.deep.include({
      securityContext: { runAsNonRoot: true },
      imagePullPolicy: "Always",
      resources: { limits: { cpu: "1" } },
    });
    expect(spec.containers[1]).to.equal(sidecar);
  });

  it("mounts the configuration first and certificates last", () => {
    const app = spinApp({
      volumes: [{ name: "data", emptyDir: {} }],
      volumeMounts: [{ name: "data", mountPath: "/data" }],
    });
    const by = executor({ runtimeClassName: "spin", installDefaultCACerts: true });
    const { spec } = made(app, by, { secretName: "app-1", restartKey: undefined }).spec.template;
    expect(spec["volumes"]).to.deep.equal([
      {
        name: "spin-runtime-config",
        secret: {
          secretName: "app-1",
          optional: true,
          items: [{ key: "runtime-config.toml", path: "runtime-config.toml" }],
        },
      },
      { name: "data", emptyDir: {} },
      {
        name: "spin-ca",
        secret: {
          secretName: "spin-ca",
          optional: true,
          items: [{ key: "ca-certificates.crt", path: "ca-certificates.crt" }],
        },
      },
    ]);
    expect(spec.containers[0]?.["volumeMounts"]).to.deep.equal([
      {
        name: "spin-runtime-config",
        mountPath: "/runtime-config.toml",
        subPath: "runtime-config.toml",
        readOnly: true,
      },
      { name: "data", mountPath: "/data" },
      {
        name: "spin-ca",
        mountPath: "/etc/ssl/certs/ca-certificates.crt",
        subPath: "ca-certificates.crt",
        readOnly: true,
      },
    ]);
  });

  it("leaves certificates out where the SpinApp mounts its own, and names each pull Secret once", () => {
    const own = { name: "own", mountPath: "/etc/ssl/certs/ca-certificates.crt", subPath: "ca.crt" };
    const secrets = ["a", "b", "a"].map((name) => ({ name }));
    const app = spinApp({ volumes: [{ name: "own" }], volumeMounts: [own], imagePullSecrets: secrets });
    const { spec } = made(app, executor({ runtimeClassName: "spin", installDefaultCACerts: true })).spec.template;
    expect(spec["volumes"]).to.deep.equal([{ name: "own" }]);
    expect(spec.containers[0]?.["volumeMounts"]).to.deep.equal([own]);
    expect(spec["imagePullSecrets"]).to.deep.equal([{ name: "a" }, { name: "b" }]);
  });

  it("takes certificates from the Secret that the executor names", () => {
    const { spec } = made(spinApp(), executor({ runtimeClassName: "spin", caCertSecret: "mine" })).spec.template;
    expect(spec["volumes"]).to.have.nested.property("[0].secret.secretName", "mine");
  });

  it("probes the port on which the application listens", () => {
    const checks = { liveness: { httpGet: { path: "/l" }, periodSeconds: 3 }, readiness: { httpGet: { path: "/r" } } };
    const [container] = made(spinApp({ checks, port: 8080 })).spec.template.spec.containers;
    expect(container).to.deep.include({
      livenessProbe: { httpGet: { path: "/l", port: 8080 }, periodSeconds: 3 },
      readinessProbe: { httpGet: { path: "/r", port: 8080 } },
      ports: [{ name: "http-app", containerPort: 8080, protocol: "TCP" }],
    });
  });

  it("runs the command line of Spin where the executor has its image", () => {
    const by = executor({ spinImage: "example.org/spin:3" });
    const app = spinApp({ components: ["a", "b"] });
    const { spec } = made(app, by, { secretName: "s", restartKey: undefined }).spec.template;
    expect(spec).not.to.have.property("runtimeClassName");
    expect(spec.containers[0]).not.to.have.property("command");
    expect(spec.containers[0]).to.deep.include({
      image: "example.org/spin:3",
      args: (
        "up --listen 0.0.0.0:80 -f example.org/app:1 --runtime-config-file /runtime-config.toml " +
        "--component-id a --component-id b"
      ).split(" "),
    });
    expect(made(spinApp(), by).spec.template.spec.containers[0]?.["args"]).to.have.length(5);
  });

  it("annotates and labels what it is told to, but not over its own", () => {
    const app = spinApp({
      deploymentAnnotations: { a: "1" },
      podAnnotations: { b: "2" },
      podLabels: { c: "3", "core.spinkube.dev/app-name": "other" },
    });
    const { metadata, spec } = made(app, executor(), { secretName: undefined, restartKey: "r" });
    expect(metadata["annotations"]).to.deep.equal({ a: "1" });
    expect(spec.template.metadata).to.deep.equal({
      annotations: { b: "2", "core.spinkube.dev/references": "r" },
      labels: { c: "3", "core.spinkube.dev/app-name": "app", "core.spinkube.dev/app.app.status": "ready" },
    });
  });
});

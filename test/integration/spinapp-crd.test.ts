import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { startApi } from "../cluster/index.ts";
import type { RunningApi } from "../cluster/index.ts";
import { fieldsOf } from "../support/crd-fields.ts";
import type { Schema } from "../support/crd-fields.ts";
import { readGolden, SAMPLES } from "../support/golden-spin.ts";
import { createKubectl, type Kubectl } from "../support/kubectl.ts";
import { executor, spinApp } from "../support/spin-scene.ts";

const TOP = join(import.meta.dirname, "../..");
const NEVER = new AbortController().signal;
const GROUPS = ["core.spinkube.dev", "core.spinoperator.dev"];

interface Crd {
  readonly metadata: object;
  readonly spec: {
    readonly group: string;
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

let api: RunningApi;
let kubectl: Kubectl;

before(async () => {
  const dir = await mkdtemp(join(tmpdir(), "rcm-spin-crd-"));
  api = await startApi({ dir: join(dir, "api") }, NEVER);
  kubectl = createKubectl(api.kubeconfig);
  await kubectl(["apply", "-k", join(TOP, "crds")]);
  const names = GROUPS.flatMap((group) => [`crd/spinapps.${group}`, `crd/spinappexecutors.${group}`]);
  await kubectl(["wait", "--for=condition=Established", ...names, "--timeout=30s"]);
});

after(async () => {
  await api.stop(NEVER);
});

/** What the API server says against a manifest; empty when it takes it. */
async function refusal(manifest: string): Promise<string> {
  return kubectl(["create", "--dry-run=server", "-f", "-"], manifest).then(
    () => "",
    (reason: unknown) => String(reason),
  );
}

async function refusalOf(spec: Readonly<Record<string, unknown>>): Promise<string> {
  return refusal(JSON.stringify(spinApp("case", spec)));
}

const QUANTITY = { name: "a", type: "t" };
const OPTION = { name: "o", value: "v", valueFrom: { secretKeyRef: { name: "s", key: "k" } } };
const PATH = { path: "/" };
const VOLUME = { name: "v", emptyDir: {} };

describe("the CRD of SpinApps refuses", () => {
  const cases: readonly [says: string, spec: Readonly<Record<string, unknown>>, message: string][] = [
    ["no image", { image: undefined }, "spec.image: Required value"],
    ["an empty image", { image: "" }, "spec.image"],
    ["fewer than no pods", { replicas: -1 }, "spec.replicas: Invalid value: -1"],
    [
      "replicas that an autoscaler sets",
      { enableAutoscaling: true, replicas: 2 },
      "spec.replicas: Invalid value: replicas cannot be set when autoscaling is enabled",
    ],
    [
      "a limit that is no quantity",
      { invocationLimits: { memory: "lots" } },
      "spec.invocationLimits: Invalid value: memory limit must be a valid memory quantity (e.g. 128Mi, 1Gi)",
    ],
    [
      "a limit over that of the container",
      { invocationLimits: { memory: "50Mi" }, resources: { limits: { memory: "40Mi" }, requests: { memory: "1Mi" } } },
      "invocation limit quantity cannot be greater than the memory limit (40Mi)",
    ],
    [
      "a limit over the request",
      { invocationLimits: { memory: "50Mi" }, resources: { requests: { memory: "40Mi" } } },
      "invocation limit quantity cannot be greater than the memory request (40Mi)",
    ],
    ["a probe without a request", { checks: { readiness: {} } }, "spec.checks.readiness.httpGet: Required value"],
    ["a request without a path", { checks: { liveness: { httpGet: {} } } }, "httpGet.path: Required value"],
    [
      "two successes for liveness",
      { checks: { liveness: { httpGet: PATH, successThreshold: 2 } } },
      "spec.checks.liveness.successThreshold",
    ],
    [
      "no time for an answer",
      { checks: { readiness: { httpGet: PATH, timeoutSeconds: 0 } } },
      "readiness.timeoutSeconds",
    ],
    [
      "two stores of one name",
      { runtimeConfig: { keyValueStores: [QUANTITY, QUANTITY] } },
      'spec.runtimeConfig.keyValueStores[1]: Duplicate value: {"name":"a"}',
    ],
    [
      "two databases of one name",
      { runtimeConfig: { sqliteDatabases: [QUANTITY, QUANTITY] } },
      "spec.runtimeConfig.sqliteDatabases[1]: Duplicate value",
    ],
    [
      "an option with a value and a source",
      { runtimeConfig: { llmCompute: { type: "t", options: [OPTION] } } },
      "spec.runtimeConfig.llmCompute.options[0]: Invalid value: value and valueFrom are both set: remove one",
    ],
    [
      "a variable with both",
      { variables: [OPTION] },
      "spec.variables[0]: Invalid value: value and valueFrom are both set",
    ],
    ["two variables of one name", { variables: [{ name: "a" }, { name: "a" }] }, "spec.variables[1]: Duplicate value"],
    [
      "two variables that differ in case",
      { variables: [{ name: "a" }, { name: "A" }] },
      "spec.variables: Invalid value: two variables have names that differ in case only: remove one",
    ],
    ["a variable that is no name", { variables: [{ name: "a-b" }] }, "spec.variables[0].name"],
    [
      "a volume of our own",
      { volumes: [{ ...VOLUME, name: "spin-ca" }] },
      "spec.volumes: Invalid value: the names spin-runtime-config and spin-ca are taken by volumes of our own",
    ],
    [
      "a mount without a volume",
      { volumes: [VOLUME], volumeMounts: [{ name: "w", mountPath: "/w" }] },
      "spec.volumeMounts: Invalid value: every entry of volumeMounts must name an entry of volumes",
    ],
    [
      "a mount over the configuration",
      { volumes: [VOLUME], volumeMounts: [{ name: "v", mountPath: "/runtime-config.toml" }] },
      "mountPath /runtime-config.toml is where the runtime configuration is",
    ],
    ["no components", { components: [] }, "spec.components: Invalid value"],
    ["a port that is none", { port: 65_536 }, "spec.port"],
    ["an unknown type of Service", { serviceType: "Direct" }, 'spec.serviceType: Unsupported value: "Direct"'],
    ["an unknown policy", { imagePullPolicy: "Sometimes" }, 'spec.imagePullPolicy: Unsupported value: "Sometimes"'],
    [
      "a sidecar of the application's name",
      { sidecars: [{ name: "case", image: "i" }] },
      "spec.sidecars has a container",
    ],
    ["an unknown field", { nodeselector: {} }, 'unknown field "spec.nodeselector"'],
    [
      "an unknown kind of volume",
      { volumes: [{ name: "v", emptydir: {} }] },
      'unknown field "spec.volumes[0].emptydir"',
    ],
  ];
  for (const [says, spec, message] of cases) {
    it(says, async () => {
      const problem = await refusalOf(spec);
      // Between the two the server says what kind of value it is.
      for (const part of message.split("Invalid value: ")) expect(problem).to.include(part);
    });
  }

  const names: readonly [name: string, message: string][] = [
    ["n".repeat(53), "metadata.name must have at most 52 characters"],
    ["a.b", "metadata.name must begin with a letter"],
    ["1st", "metadata.name must begin with a letter"],
  ];
  for (const [name, message] of names) {
    it(`the name ${name}`, async () => expect(await refusal(JSON.stringify(spinApp(name)))).to.include(message));
  }
});

describe("the CRD of SpinAppExecutors refuses", () => {
  const field = "spec.deploymentConfig";
  const cases: readonly [says: string, config: object | undefined, message: string][] = [
    ["no description of the pods", undefined, "deploymentConfig is missing: createDeployment true needs it"],
    ["two of them", { runtimeClassName: "a", spinImage: "b" }, "runtimeClassName and spinImage are mutually exclusive"],
    ["an empty one", {}, "either runtimeClassName or spinImage must be set"],
  ];
  for (const [says, deploymentConfig, message] of cases) {
    it(says, async () => {
      const spec = { createDeployment: true, deploymentConfig };
      const problem = await refusal(JSON.stringify({ ...executor("case", {}), spec }));
      expect(problem).to.include(message);
      expect(problem).to.include(field);
    });
  }
});

describe("the CRDs take", () => {
  for (const sample of SAMPLES) {
    it(`upstream's sample ${sample}, in both groups`, async () => {
      const { input } = await readGolden(sample);
      for (const group of GROUPS) {
        expect(await refusal(input.replaceAll("core.spinkube.dev/", `${group}/`))).to.equal("");
      }
    });
  }

  it("every sample of ours", async () => {
    const folder = join(TOP, "deploy/samples");
    for (const file of (await readdir(folder)).filter((name) => name.startsWith("spinapp"))) {
      expect(await refusal(await readFile(join(folder, file), "utf8")), file).to.equal("");
    }
  });

  const cases: readonly [says: string, spec: Readonly<Record<string, unknown>>][] = [
    ["no executor, to be chosen", { executor: undefined }],
    ["a limit of the same size", { invocationLimits: { memory: "40Mi" }, resources: { limits: { memory: "40Mi" } } }],
    ["a limit alone, and others", { invocationLimits: { memory: "1Gi", "example.org/time": "1s" } }],
    ["numbers as quantities", { resources: { limits: { cpu: 1, memory: 1000 } } }],
    ["autoscaling", { enableAutoscaling: true, replicas: undefined }],
    ["no pods", { replicas: 0 }],
    [
      "what a Pod has",
      {
        env: [{ name: "IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } }],
        sidecars: [
          { name: "side", image: "i", ports: [{ containerPort: 1 }], readinessProbe: { tcpSocket: { port: "x" } } },
        ],
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "k" }] } },
        volumes: [{ name: "p", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }],
      },
    ],
  ];
  for (const [says, spec] of cases) {
    it(says, async () => expect(await refusalOf(spec)).to.equal(""));
  }

  it("probes with upstream's defaults", async () => {
    await kubectl(
      ["create", "-f", "-"],
      JSON.stringify(spinApp("probes", { checks: { liveness: { httpGet: PATH } } })),
    );
    const liveness = await kubectl(["get", "spinapp", "probes", "-o", "jsonpath={.spec.checks.liveness}"]);
    expect(JSON.parse(liveness)).to.deep.equal({
      httpGet: PATH,
      initialDelaySeconds: 10,
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });
});

describe("both groups of SpinApps", () => {
  for (const kind of ["spinapp", "spinappexecutor"]) {
    it(`have one schema: ${kind}`, async () => {
      const present = parse(await readFile(join(TOP, `crds/${kind}.yaml`), "utf8")) as Crd;
      const file = `crds/generated/${kind}.core.spinoperator.dev.yaml`;
      const older = parse(await readFile(join(TOP, file), "utf8")) as Crd;
      expect({ ...older.spec, group: "" }).to.deep.equal({ ...present.spec, group: "" });
      expect(older.spec.group).to.equal("core.spinoperator.dev");
      const fields = fieldsOf(present.spec.versions[0]?.schema.openAPIV3Schema ?? {}, kind);
      // The server has its own words for metadata.
      expect(fields.filter(([path, text]) => text.length < 5 && path !== `${kind}.metadata`)).to.deep.equal([]);
    });
  }

  it("have their columns and explanations", async () => {
    for (const group of GROUPS) {
      await kubectl(["create", "-f", "-"], JSON.stringify(spinApp("columns", {}, group)));
      expect(await kubectl(["get", `spinapps.${group}`])).to.match(
        /^NAME +READY +DESIRED +EXECUTOR +ADDRESS +STATUS +AGE\n/,
      );
      expect(await kubectl(["get", `spinapps.${group}`, "-o", "wide"])).to.match(/AGE +DEPLOYMENT +SERVICE +MESSAGE\n/);
    }
    for (const path of [
      "spinapp",
      "spinapp.spec.checks.liveness",
      "spinapp.spec.sidecars.image",
      "spinappexecutor.spec",
    ]) {
      expect(await kubectl(["explain", path])).to.match(/DESCRIPTION:\n +\S/);
    }
  });
});

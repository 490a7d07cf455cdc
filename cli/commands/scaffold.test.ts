import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { assert, asyncProperty, oneof, string, uniqueArray } from "fast-check";
import { after, before, describe, it } from "mocha";
import { parse, parseAllDocuments } from "yaml";
import { firstProblem, run } from "../build-examples.ts";

const IMAGE = "ghcr.io/foo/example-app:v0.1.0";
const HEAD = `apiVersion: core.spinkube.dev/v1alpha1
kind: SpinApp
metadata:
  name: example-app
spec:
  image: "ghcr.io/foo/example-app:v0.1.0"
  executor: containerd-shim-spin
`;
const TWO = "  replicas: 2\n";
const LIMITS = "  resources:\n    limits:\n      cpu: 100m\n      memory: 128Mi\n";
const LIMIT_FLAGS = ["--cpu-limit", "100m", "--memory-limit", "128Mi"];
const ACCOUNT = "  serviceAccountName: my-service-account\n";
const FROM_SECRET = "  runtimeConfig:\n    loadFromSecret: example-app-runtime-config\n";
const SECRET = `---
apiVersion: v1
kind: Secret
metadata:
  name: example-app-runtime-config
type: Opaque
data:
  runtime-config.toml: bG9nX2RpciA9ICIvYXNkZiIK
`;
const TARGET = `  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: example-app
`;
const HPA = `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: example-app-autoscaler
spec:
${TARGET}  minReplicas: 2
  maxReplicas: 3
  metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: 60
  - type: Resource
    resource:
      name: memory
      target:
        type: Utilization
        averageUtilization: 60
`;
const KEDA = `---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: example-app-autoscaler
spec:
${TARGET}  minReplicaCount: 2
  maxReplicaCount: 3
  triggers:
  - type: cpu
    metricType: Utilization
    metadata:
      value: "60"
  - type: memory
    metricType: Utilization
    metadata:
      value: "60"
`;
const SCALED = "  enableAutoscaling: true\n";

describe("kube scaffold", () => {
  let folder = "";
  let config = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-scaffold-"));
    config = join(folder, "runtime-config.toml");
    await writeFile(config, 'log_dir = "/asdf"\n');
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  /** The manifest that it writes. */
  async function scaffold(...flags: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(["scaffold", "--from", IMAGE, ...flags], { cwd: folder });
    expect([code, stderr]).to.deep.equal([0, ""]);
    return stdout;
  }

  const goldens: readonly [says: string, flags: readonly string[], manifest: string][] = [
    ["an image only", [], HEAD + TWO],
    [
      "an identity of Azure",
      ["--azure-identity"],
      `${HEAD}${TWO}  podLabels:\n    azure.workload.identity/use: "true"\n`,
    ],
    ["a runtime configuration", ["-c", "runtime-config.toml"], HEAD + TWO + FROM_SECRET + SECRET],
    ["a service account", ["--service-account-name", "my-service-account"], HEAD + TWO + ACCOUNT],
    ["an empty service account", ["--service-account-name", ""], HEAD + TWO],
    [
      "a service account and an autoscaler",
      ["--service-account-name", "my-service-account", "--autoscaler", "hpa", ...LIMIT_FLAGS],
      HEAD + SCALED + ACCOUNT + LIMITS + HPA,
    ],
    [
      "a Secret to pull with",
      ["--image-pull-secret", "secret-name"],
      `${HEAD}${TWO}  imagePullSecrets:\n    - name: secret-name\n`,
    ],
    [
      "several Secrets to pull with",
      ["-s", "secret-name,other", "-s", "third"],
      `${HEAD}${TWO}  imagePullSecrets:\n    - name: secret-name\n    - name: other\n    - name: third\n`,
    ],
    [
      "a Secret to pull with and a runtime configuration",
      ["-s", "secret-name", "-c", "runtime-config.toml"],
      `${HEAD}${TWO}  imagePullSecrets:\n    - name: secret-name\n${FROM_SECRET}${SECRET}`,
    ],
    ["an autoscaler of Kubernetes", ["--autoscaler", "hpa", ...LIMIT_FLAGS], HEAD + SCALED + LIMITS + HPA],
    ["an autoscaler of KEDA", ["--autoscaler", "keda", ...LIMIT_FLAGS], HEAD + SCALED + LIMITS + KEDA],
    [
      "variables",
      ["--variable", "foo=yoo", "--variable", "bar=yee"],
      `${HEAD}${TWO}  variables:\n  - name: bar\n    value: yee\n  - name: foo\n    value: yoo\n`,
    ],
    ["components", ["--component", "hello,world"], `${HEAD}${TWO}  components:\n  - hello\n  - world\n`],
    [
      "requests beside limits",
      [...LIMIT_FLAGS, "--cpu-request", "50m", "--memory-request", "64Mi"],
      `${HEAD}${TWO}${LIMITS}    requests:\n      cpu: 50m\n      memory: 64Mi\n`,
    ],
    [
      "requests without limits",
      ["--cpu-request", "1", "--memory-request", "0.5Gi"],
      `${HEAD}${TWO}  resources:\n    requests:\n      cpu: 1\n      memory: 0.5Gi\n`,
    ],
    ["most replicas without an autoscaler", ["--max-replicas", "9", "-r", "0"], `${HEAD}  replicas: 0\n`],
  ];
  for (const [says, flags, manifest] of goldens) {
    it(`writes ${says}`, async () => expect(await scaffold(...flags)).to.equal(manifest));
  }

  it("writes another name and a namespace into all objects", async () => {
    const flags = ["--name", "other", "-n", "apps", "-c", config, "--autoscaler", "keda", ...LIMIT_FLAGS];
    const documents = parseAllDocuments(await scaffold(...flags)).map(
      (document) => document.toJS() as { metadata: object },
    );
    expect(documents.map(({ metadata }) => metadata)).to.deep.equal([
      { name: "other", namespace: "apps" },
      { name: "other-runtime-config", namespace: "apps" },
      { name: "other-autoscaler", namespace: "apps" },
    ]);
    expect(documents[2]).to.have.nested.property("spec.scaleTargetRef.name", "other");
  });

  it("writes variables from Secrets among the others, by name", async () => {
    const text = await scaffold("-v", "c=3,a=1", "--variable-from-secret", "b=passwords/db.main");
    expect(parse(text))
      .to.have.nested.property("spec.variables")
      .that.deep.equals([
        { name: "a", value: "1" },
        { name: "b", valueFrom: { secretKeyRef: { name: "passwords", key: "db.main" } } },
        { name: "c", value: "3" },
      ]);
  });

  it("keeps any value of a variable", async () => {
    const value = oneof(string(), string({ unit: "grapheme" }), string({ unit: "binary" }));
    const values = uniqueArray(value, { minLength: 1, maxLength: 5 });
    await assert(
      asyncProperty(values, async (texts) => {
        const flags = texts.flatMap((text, at) => ["-v", `"v${at}=${text.replaceAll('"', '""')}",w${at}=true`]);
        const { spec } = parse(await scaffold(...flags)) as { spec: { variables: object[] } };
        const expected = texts.flatMap((text, at) => [
          { name: `v${at}`, value: text },
          { name: `w${at}`, value: "true" },
        ]);
        expect(spec.variables).to.have.deep.members(expected);
      }),
      { numRuns: 40 },
    );
  });

  it("writes a file for its owner only, and says so on the standard error output", async () => {
    const out = join(folder, "app.yaml");
    const { code, stdout, stderr } = await run(["scaffold", "-f", IMAGE, "-o", out]);
    expect([code, stdout, stderr]).to.deep.equal([0, "", `Application manifest saved to ${out}\n`]);
    expect(await readFile(out, "utf8")).to.equal(HEAD + TWO);
    expect((await stat(out)).mode & 0o777).to.equal(0o600);
  });

  it("needs no kubeconfig, not even one that can be read", async () => {
    const env = { KUBECONFIG: join(folder, "none"), HOME: join(folder, "none") };
    expect(await run(["scaffold", "-f", IMAGE], { env })).to.include({ code: 0, stdout: HEAD + TWO });
  });

  it("says why a runtime configuration cannot be used, without the usage", async () => {
    const large = join(folder, "large.toml");
    await writeFile(large, "#".repeat(1024 * 1024 + 1));
    const problems = [
      [
        "none.toml",
        `Cannot read --runtime-config-file "${join(folder, "none.toml")}": ENOENT: no such file or directory`,
      ],
      [folder, `Cannot read --runtime-config-file "${folder}": EISDIR: illegal operation on a directory`],
      [large, `Cannot use --runtime-config-file "${large}": it is larger than 1 MiB`],
    ];
    for (const [file = "", problem = ""] of problems) {
      const { code, stderr } = await run(["scaffold", "-f", IMAGE, "-c", file], { cwd: folder });
      expect(code).to.equal(1);
      expect(stderr.startsWith(`Error: ${problem}`), stderr).to.equal(true);
      expect(stderr).to.not.include("Usage");
    }
  });

  it("takes a runtime configuration of 1 MiB", async () => {
    const full = join(folder, "full.toml");
    await writeFile(full, "#".repeat(1024 * 1024));
    expect((await scaffold("-c", full)).length).to.be.above(1.3 * 1024 * 1024);
  });

  it("says why a file cannot be written", async () => {
    const outcome = await run(["scaffold", "-f", IMAGE, "-o", join(folder, "none/app.yaml")]);
    expect(firstProblem(outcome)).to.include(
      `Error: Cannot write the manifest to "${join(folder, "none/app.yaml")}": ENOENT`,
    );
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { startApi, type RunningApi } from "../cluster/index.ts";
import { awaitOutput, runKube, startKube, type KubeRun } from "../support/kube-program.ts";
import { createKubectl, type Kubectl } from "../support/kubectl.ts";

const CRDS = join(import.meta.dirname, "../../crds");
const NEVER = new AbortController().signal;
const IMAGE = "ghcr.io/foo/example-app:v1";
const LIMITS = ["--cpu-limit", "100m", "--memory-limit", "128Mi"];

describe("kube, on a real API server", function suite() {
  this.timeout(120_000); // Each test starts several programs.
  let api: RunningApi;
  let kubectl: Kubectl;
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-cli-"));
    api = await startApi({ dir: join(folder, "api") }, NEVER);
    kubectl = createKubectl(api.kubeconfig);
    await kubectl(["create", "namespace", "apps"]);
    await kubectl(["-n", "apps", "create", "serviceaccount", "default"]); // No controller makes it.
  });
  after(async () => {
    await api.stop(NEVER);
    await rm(folder, { recursive: true });
  });

  async function kube(...args: readonly string[]): Promise<KubeRun> {
    return runKube(api.kubeconfig, args, folder);
  }

  /** What it prints when it does what it should. */
  async function printed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await kube(...args);
    expect([code, stderr]).to.deep.equal([0, ""]);
    return stdout;
  }

  /** What it says when it cannot. */
  async function problem(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await kube(...args);
    expect([code, stdout]).to.deep.equal([1, ""]);
    return stderr;
  }

  /** What the operator would say. */
  async function setReady(name: string, status: "True" | "False", reason: string, message: string): Promise<void> {
    const generation = Number(
      await kubectl(["-n", "apps", "get", "spinapp", name, "-o", "jsonpath={.metadata.generation}"]),
    );
    const lastTransitionTime = "2026-11-26T00:00:00Z";
    const condition = { type: "Ready", status, reason, message, observedGeneration: generation, lastTransitionTime };
    const patch = JSON.stringify({ status: { readyReplicas: 1, desiredReplicas: 2, conditions: [condition] } });
    await kubectl(["-n", "apps", "patch", "spinapp", name, "--subresource=status", "--type=merge", "-p", patch]);
  }

  it("says that the cluster has no SpinApps, before there are any", async () => {
    const missing = "Error: The cluster has no spinapps of core.spinkube.dev/v1alpha1: install their operator first\n";
    expect(await problem("list")).to.equal(missing);
    expect(await problem("get", "hello")).to.equal(missing);
    expect(await problem("deploy", "-f", IMAGE)).to.equal(missing);
    await kubectl(["apply", "-k", CRDS]);
    await kubectl(["wait", "--for=condition=Established", "crd/spinapps.core.spinkube.dev", "--timeout=30s"]);
  });

  it("scaffold writes what the API server takes, and keeps", async () => {
    const config = join(folder, "runtime-config.toml");
    await writeFile(config, 'log_dir = "/asdf"\n');
    const flags = ["-f", IMAGE, "--name", "full", "-n", "apps", "-c", config, "-s", "one,two", "--azure-identity"];
    const variables = ["-v", "a=true", "-v", "b=1", "-v", "c=x: y # z", "--variable-from-secret", "d=passwords/db"];
    const more = [...LIMITS, "--cpu-request", "1m", "--component", "web", "--service-account-name", "runner"];
    const manifest = await printed("scaffold", ...flags, ...variables, ...more, "--autoscaler", "hpa");
    await kubectl(["apply", "-f", "-"], manifest);
    const stored = JSON.parse(await kubectl(["-n", "apps", "get", "spinapp", "full", "-o", "json"])) as {
      spec: object;
    };
    expect(stored.spec).to.include({ image: IMAGE, enableAutoscaling: true, serviceAccountName: "runner" });
    expect(stored.spec).to.have.deep.property("variables", [
      { name: "a", value: "true" },
      { name: "b", value: "1" },
      { name: "c", value: "x: y # z" },
      { name: "d", valueFrom: { secretKeyRef: { name: "passwords", key: "db" } } },
    ]);
    const target = await kubectl([
      "-n",
      "apps",
      "get",
      "hpa",
      "full-autoscaler",
      "-o",
      "jsonpath={.spec.scaleTargetRef.name}",
    ]);
    const secret = [
      "-n",
      "apps",
      "get",
      "secret",
      "full-runtime-config",
      "-o",
      "jsonpath={.data.runtime-config\\.toml}",
    ];
    expect([target, await kubectl(secret)]).to.deep.equal(["full", "bG9nX2RpciA9ICIvYXNkZiIK"]);
    await kubectl(["delete", "-f", "-"], manifest);
  });

  it("deploy creates, then leaves alone, then changes, and takes fields over from others", async () => {
    const flags = ["deploy", "-f", IMAGE, "-n", "apps", "-c", join(folder, "runtime-config.toml")];
    const scaled = [...flags, "--autoscaler", "hpa", ...LIMITS];
    expect(await printed(...scaled)).to.equal(lines("created", "created"));
    expect(await printed(...scaled)).to.equal(lines("unchanged", "unchanged"));
    expect(await printed(...scaled, "-v", "a=1")).to.equal(lines("configured", "unchanged"));
    await kubectl([
      "-n",
      "apps",
      "patch",
      "spinapp",
      "example-app",
      "--type=merge",
      "-p",
      '{"spec":{"image":"other"}}',
    ]);
    expect(await printed(...scaled)).to.equal(lines("configured", "unchanged"));
    const manager = "jsonpath={.spec.image} {.spec.variables} {.metadata.managedFields[*].manager}";
    expect(await kubectl(["-n", "apps", "get", "spinapp", "example-app", "-o", manager])).to.match(
      /^ghcr.io\S+ +spin-kube/,
    );
  });

  it("deploy says that there is no KEDA, and what the API server refuses", async () => {
    const keda = await kube("deploy", "-f", "a/keda", "-n", "apps", "--autoscaler", "keda", ...LIMITS);
    expect(keda).to.deep.equal({
      code: 1,
      stdout: "spinapp.core.spinkube.dev/keda created\n",
      stderr: "Error: The cluster has no scaledobjects of keda.sh/v1alpha1: install their operator first\n",
    });
    await printed("delete", "keda", "-n", "apps", "-y");
    const refused = await problem("deploy", "-f", "a/b", "-n", "none");
    expect(refused).to.match(/^Error: Cannot apply spinapps "none\/b": namespaces "none" not found\n$/);
  });

  it("deploy --wait says why the application is not ready, and gives up in time", async () => {
    const args = ["deploy", "-f", "a/waiting", "-n", "apps", "--wait"];
    expect(await kube(...args, "--timeout", "1s")).to.deep.equal({
      code: 1,
      stdout: "spinapp.core.spinkube.dev/waiting created\n",
      stderr:
        'Waiting for "waiting": its operator has said nothing yet: see that it runs\n' +
        'Error: The application "waiting" is not ready after 1 s: its operator has said nothing yet: see that it runs\n',
    });
    const program = startKube(api.kubeconfig, [...args, "--timeout", "50s"]);
    await awaitOutput(program, "its operator has said nothing yet");
    await setReady("waiting", "False", "ImagePullBackOff", "look at spec.image");
    await awaitOutput(program, 'Waiting for "waiting": ImagePullBackOff: look at spec.image\n');
    await setReady("waiting", "True", "Running", "");
    const { code, stdout } = await program.ended();
    expect([code, stdout]).to.deep.equal([
      0,
      'spinapp.core.spinkube.dev/waiting unchanged\n"waiting" is ready: Running\n',
    ]);
  });

  it("deploy --wait ends at once by Ctrl-C, as shells expect it", async () => {
    const program = startKube(api.kubeconfig, ["deploy", "-f", "a/stopped", "-n", "apps", "--wait"]);
    await awaitOutput(program, "Waiting");
    const startMs = performance.now();
    program.child.kill("SIGINT");
    const stderr = 'Waiting for "stopped": its operator has said nothing yet: see that it runs\n';
    expect(await program.ended()).to.include({ code: 130, stderr });
    expect(performance.now() - startMs).to.be.below(5000);
    await printed("delete", "stopped", "-n", "apps", "-y");
  });

  it("list and get show applications, as tables and as data", async () => {
    await printed("deploy", "-f", "a/elsewhere", "-r", "3");
    const head = "NAMESPACE   NAME          EXECUTOR               READY\n";
    const scaled = "apps        example-app   containerd-shim-spin   0/0\n";
    const waiting = "apps        waiting       containerd-shim-spin   1/2\n";
    expect(await printed("list", "-n", "apps")).to.equal(head + scaled + waiting);
    const other = "default     elsewhere     containerd-shim-spin   0/3\n";
    expect(await printed("list", "-A")).to.equal(head + scaled + waiting + other);
    expect(await printed("get", "waiting", "-n", "apps")).to.match(/^NAMESPACE .*\napps +waiting .*1\/2\n$/);
    const json: unknown = JSON.parse(await printed("get", "elsewhere", "-o", "json"));
    expect(json).to.have.nested.property("spec.image", "a/elsewhere");
    expect(json).to.not.have.nested.property("metadata.managedFields");
    expect(parse(await printed("get", "elsewhere", "-o", "yaml"))).to.deep.equal(json);
    expect(parse(await printed("list", "-o", "yaml"))).to.deep.equal({ apiVersion: "v1", kind: "List", items: [json] });
    expect(await kube("list", "-n", "kube-system")).to.deep.equal({
      code: 0,
      stdout: "NAMESPACE   NAME   EXECUTOR   READY\n",
      stderr: "No applications found in namespace kube-system\n",
    });
  });

  it("get finds the application of the folder, unless told not to look", async () => {
    const here = await mkdtemp(join(folder, "here-"));
    await writeFile(join(here, "spin.toml"), 'spin_manifest_version = 2\n[application]\nname = "elsewhere"\n');
    const { code, stdout } = await runKube(api.kubeconfig, ["get"], here);
    expect([code, stdout.includes("elsewhere")]).to.deep.equal([0, true]);
    await writeFile(join(here, "spin.toml"), "name =");
    expect((await runKube(api.kubeconfig, ["get"], here)).stderr).to.include("it is no TOML");
    expect((await runKube(api.kubeconfig, ["get", "elsewhere"], here)).code).to.equal(0);
  });

  it("delete asks first, and takes only a yes", async () => {
    const question = "This action is irreversible. Are you sure? (y/N): ";
    const stopped = startKube(api.kubeconfig, ["delete", "elsewhere"]);
    await awaitOutput(stopped, question);
    stopped.child.kill("SIGINT");
    expect(await stopped.ended()).to.deep.equal({ code: 130, stdout: question, stderr: "" });
    for (const [answer, isDeleted] of [
      ["n\n", false],
      ["\n", false],
      ["yes\n", true],
    ] as const) {
      const program = startKube(api.kubeconfig, ["delete", "elsewhere"]);
      await awaitOutput(program, question);
      program.child.stdin.write(answer); // And does not end: it must not wait for more.
      const done = isDeleted ? "Succesfully deleted elsewhere\n" : "";
      expect(await program.ended()).to.deep.equal({ code: 0, stdout: question + done, stderr: "" });
    }
    expect(await kube("delete", "waiting", "-n", "apps")).to.deep.equal({ code: 0, stdout: question, stderr: "" });
    expect(await printed("list", "-n", "apps")).to.include("waiting");
    const unknown = "Error: Could not find application with name elsewhere\n";
    for (const args of [
      ["delete", "elsewhere", "-y"],
      ["get", "elsewhere"],
      ["logs", "elsewhere"],
      ["connect", "elsewhere"],
    ]) {
      expect(await problem(...args)).to.equal(unknown);
    }
  });

  it("does what the user may, as whom the command line says, and never prints the token", async () => {
    const forbidden = 'spinapps.core.spinkube.dev is forbidden: User "anna" cannot list resource "spinapps"';
    expect(await problem("list", "--as", "anna")).to.include(`Error: Cannot list spinapps: ${forbidden}`);
    const said = await problem("list", "--token", "not-a-good-token");
    const remedy =
      "the token or the certificate is wrong, or its time is over: sign in again, or choose another --user";
    expect(said).to.equal(`Error: Cannot list spinapps: Unauthorized: ${remedy}\n`);
    expect(await problem("list", "--context", "nowhere")).to.include("Error: Cannot use --context nowhere");
    expect(await problem("list", "-s", api.url.replace("https:", "http:"))).to.equal(
      "Error: Cannot list spinapps: Client sent an HTTP request to an HTTPS server.\n",
    );
  });

  it("version names the cluster's, if it can be reached", async () => {
    expect(await printed("version")).to.match(/^Plugin Version: \d+\.\d+\.\d+\nKubernetes Version: v1\.\d+\.\d+\n$/);
  });

  it("finds applications of the older group", async () => {
    const aged = { apiVersion: "core.spinoperator.dev/v1alpha1", kind: "SpinApp", spec: { image: IMAGE, replicas: 1 } };
    const metadata = { name: "aged", namespace: "apps" };
    await kubectl(["create", "-f", "-"], JSON.stringify({ ...aged, metadata }));
    expect(await printed("list", "-A")).to.match(/^NAMESPACE .*\napps +aged /);
    await kubectl(["create", "-f", "-"], podOf("aged", 1).replace("spinkube", "spinoperator"));
    expect(await problem("logs", "aged", "-n", "apps")).to.match(/^Error: Cannot get logs of pod "apps\/aged-1": /);
    expect(await problem("connect", "aged", "-n", "apps", "--pod-running-timeout", "1s")).to.include("none of its");
    expect(await printed("delete", "aged", "-n", "apps", "-y")).to.equal("Succesfully deleted aged\n");
  });

  it("logs and connect say what is in the way", async () => {
    await setReady("waiting", "False", "MissingExecutor", "there is none");
    expect(await problem("logs", "waiting", "-n", "apps")).to.equal(
      'Error: The application "waiting" has no pods: MissingExecutor: there is none\n',
    );
    expect(await problem("connect", "waiting", "-n", "apps")).to.equal(
      "Error: no active deployment found for the given application name or selector: MissingExecutor: there is none\n",
    );
    await kubectl(["create", "-f", "-"], podOf("waiting", 1));
    expect(await problem("logs", "waiting", "-n", "apps")).to.match(
      /^Error: Cannot get logs of pod "apps\/waiting-1": /,
    );
    await kubectl(["create", "-f", "-"], podOf("waiting", 2));
    for (const args of [
      ["logs", "waiting", "-n", "apps"],
      ["logs", "waiting", "-n", "apps", "-f"],
    ]) {
      const both =
        /^Cannot get logs of pod "apps\/waiting-[12]": .*\nCannot get logs of pod .*\nError: The logs of 2 of 2 pods are not complete\n$/;
      expect(await problem(...args)).to.match(both);
    }
    await kubectl(["-n", "apps", "delete", "pod", "waiting-2", "--force", "--grace-period=0"]);
    const flags = ["-n", "apps", "--pod-running-timeout", "1s"];
    const late = "Error: Cannot connect to the application: none of its pods is ready after 1 s\n";
    expect(await problem("connect", "waiting", ...flags)).to.equal(late);
    expect(await problem("connect", "-l", "core.spinkube.dev/app-name=waiting", ...flags)).to.equal(late);
  });

  it("connect goes on when a connection fails, and ends by Ctrl-C", async () => {
    const status = JSON.stringify({ status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } });
    await kubectl(["-n", "apps", "patch", "pod", "waiting-1", "--subresource=status", "--type=merge", "-p", status]);
    const program = startKube(api.kubeconfig, ["connect", "waiting", "-n", "apps"]);
    await awaitOutput(program, " to port 8080 of pod waiting-1\n");
    const [, port = ""] = /^Forwarding from http:\/\/127\.0\.0\.1:(\d+) to/.exec(program.output()) ?? [];
    for (const turn of [1, 2]) {
      expect(await text(connect(Number(port), "127.0.0.1").end("hello")), `connection ${turn}`).to.equal("");
    }
    await awaitOutput(program, 'Cannot connect to port 8080 of pod "apps/waiting-1": ');
    program.child.kill("SIGINT");
    expect((await program.ended()).code).to.equal(0);
  });
});

/** What deploy prints about the application and what is with it. */
function lines(app: string, others: string): string {
  return [
    `secret/example-app-runtime-config ${others}\n`,
    `spinapp.core.spinkube.dev/example-app ${app}\n`,
    `horizontalpodautoscaler.autoscaling/example-app-autoscaler ${others}\n`,
  ].join("");
}

/** A pod as the operator's Deployment makes it; no node has it. */
function podOf(app: string, count: number): string {
  const metadata = { name: `${app}-${count}`, namespace: "apps", labels: { "core.spinkube.dev/app-name": app } };
  const ports = [{ name: "http-app", containerPort: 8080 }];
  const spec = { automountServiceAccountToken: false, containers: [{ name: app, image: "a", ports }] };
  return JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec });
}

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { startApi, type RunningApi } from "../cluster/index.ts";
import { awaitOutput, startKube, startKubectlShim, type KubeRun } from "../support/kube-program.ts";
import { createKubectl, type Kubectl } from "../support/kubectl.ts";

const CRDS = join(import.meta.dirname, "../../crds");
const NEVER = new AbortController().signal;
const AT = { lastTransitionTime: "2026-11-26T00:00:00Z", observedGeneration: 1 };

interface Config {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, unknown>> }[];
}

describe("the command line and a cluster that is not as it should be", function suite() {
  this.timeout(120_000); // Each test starts several programs.
  let api: RunningApi;
  let kubectl: Kubectl;
  let folder = "";
  let authority = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-cli-cluster-"));
    api = await startApi({ dir: join(folder, "api") }, NEVER);
    kubectl = createKubectl(api.kubeconfig);
    await kubectl(["apply", "-k", CRDS]);
    await kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
    const config = JSON.parse(await readFile(api.kubeconfig, "utf8")) as Config;
    const data = config.clusters[0]?.cluster["certificate-authority-data"];
    authority = join(folder, "ca.crt");
    await writeFile(authority, Buffer.from(String(data), "base64"));
    const clusters = config.clusters.map((named) => ({ ...named, cluster: { server: api.url } }));
    await writeFile(join(folder, "no-authority"), JSON.stringify({ ...config, clusters }));
  });
  after(async () => {
    await api.stop(NEVER);
    await rm(folder, { recursive: true });
  });

  async function kube(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<KubeRun> {
    const { child, ended } = startKube(join(folder, "no-authority"), args, folder, env);
    child.stdin.end();
    return ended();
  }

  it("trusts whom the machine trusts, and says what to do about others", async () => {
    const { code, stderr } = await kube(["list"]);
    const problem = "Cannot list spinapps: the API server did not answer: unable to verify the first certificate";
    const remedy = "name its authority with --certificate-authority";
    expect([code, stderr]).to.deep.equal([1, `Error: ${problem}: ${remedy}\n`]);
    expect(await kube(["list"], { SSL_CERT_FILE: authority })).to.include({ code: 0 });
    expect(await kube(["list", "--certificate-authority", authority])).to.include({ code: 0 });
  });

  it("goes by the proxy that the environment names", async () => {
    const env = { HTTPS_PROXY: "http://127.0.0.1:1", SSL_CERT_FILE: authority };
    const elsewhere = ["list", "--server", "https://k8s.invalid:6443"];
    expect((await kube(elsewhere, env)).stderr).to.include("ECONNREFUSED 127.0.0.1:1");
    expect((await kube(elsewhere, { ...env, NO_PROXY: "invalid" })).stderr).to.match(/getaddrinfo \w+ k8s\.invalid/);
    expect(await kube(["list"], env)).to.include({ code: 0 }); // This machine needs none.
  });

  it("waits on while the API server is renewed", async () => {
    await kubectl(["create", "-f", "-"], JSON.stringify(SHIM));
    const deploying = startKube(api.kubeconfig, ["deploy", "-f", "a/waiting", "--wait"]);
    const waiting = startKubectlShim(api.kubeconfig, ["wait", "spin"]);
    await awaitOutput(deploying, "its operator has said nothing yet");
    await say("shim", "spin", { nodeStates: [{ name: "node-a", state: "Installing" }] });
    await awaitOutput(waiting, "node-a: Installing\n");
    await api.killApiServer(NEVER);
    await awaitOutput(
      deploying,
      'Waiting for "waiting": Cannot get spinapps "default/waiting": the API server did not',
    );
    await awaitOutput(waiting, 'Cannot get shims "spin": the API server did not answer');
    await api.startApiServer(NEVER);
    const conditions = [{ type: "Ready", status: "True", reason: "Well", message: "", ...AT }];
    await say("spinapp", "waiting", { conditions, readyReplicas: 2 });
    await say("shim", "spin", { conditions });
    expect((await deploying.ended()).stdout).to.match(/\n"waiting" is ready: Well\n$/);
    expect((await waiting.ended()).stdout).to.equal('shim "spin" is ready: Well\n');
  });

  /** What operator and manager would say. */
  async function say(kind: string, name: string, status: object): Promise<void> {
    const patch = JSON.stringify({ status });
    await kubectl(["patch", kind, name, "--subresource=status", "--type=merge", "-p", patch]);
  }
});

const SHIM = {
  apiVersion: "runtime.spinkube.dev/v1alpha1",
  kind: "Shim",
  metadata: { name: "spin" },
  spec: {
    fetchStrategy: { anonHttp: { location: "https://example.com/shim.tar.gz" } },
    runtimeClass: { name: "class", handler: "spin" },
  },
};

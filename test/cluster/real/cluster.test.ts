import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { API_URL } from "../addresses.ts";
import { connectApi } from "../api.ts";
import type { Api } from "../api.ts";
import { BUSYBOX_IMAGE, openCluster } from "../index.ts";
import { pollUntil } from "../poll-until.ts";

const SHORT = { timeoutMs: 20_000 };

/** On the machine's cluster, with a node of its own. */
describe("Cluster", function () {
  this.timeout(120_000);
  const signal = AbortSignal.timeout(600_000);
  const cluster = openCluster();
  let api: Api;
  let node: string;

  before(async () => {
    await cluster.up(["1.6", "1.7", "2.1"], signal);
    api = await connectApi(API_URL, cluster.layout.pki, "cluster");
    node = await cluster.addNode("1.7", signal);
  });

  after(async () => {
    await cluster.removeNode(node, "delete", signal);
    await api.close();
  });

  async function inNode(...argv: string[]): Promise<string> {
    const { code, stdout, stderr } = await cluster.nodeExec(node, argv, SHORT, signal);
    expect(code, stderr).to.equal(0);
    return stdout.trim();
  }

  async function runPod(name: string, command: string, resources: unknown, phases: readonly string[]): Promise<string> {
    const container = { name: "c", image: BUSYBOX_IMAGE, command: ["sh", "-c", command], resources };
    const spec = { nodeName: node, restartPolicy: "Never", terminationGracePeriodSeconds: 0, containers: [container] };
    const path = "/api/v1/namespaces/default/pods";
    await api.call({ method: "POST", path, body: { metadata: { name }, spec } }, signal);
    return pollUntil(
      { what: `pod ${name}`, timeoutMs: 30_000, see: "kubectl describe pod" },
      async (polling) => {
        const { status } = (await api.call({ path: `${path}/${name}` }, polling)) as { status: { phase: string } };
        return phases.includes(status.phase) ? status.phase : undefined;
      },
      signal,
    );
  }

  async function deletePod(name: string): Promise<void> {
    await api.call({ method: "DELETE", path: `/api/v1/namespaces/default/pods/${name}`, accept: [404] }, signal);
  }

  it("boots a node whose systemd has nothing to complain about and lets root in", async () => {
    expect(await inNode("systemctl", "is-system-running", "--wait")).to.equal("running");
    expect(await inNode("stat", "-c", "%F %U", "/run/systemd/private")).to.equal("socket root");
    expect(await readFile(join(await cluster.nodeRoot(node), "etc/hostname"), "utf8")).to.equal(`${node}\n`);
  });

  // The trap of systemd 252 and containerd 1.7 that node-files.ts tells of.
  const classes = {
    besteffort: {},
    burstable: { requests: { cpu: "10m" } },
    guaranteed: { limits: { cpu: "50m", memory: "32Mi" } },
  };
  for (const [name, resources] of Object.entries(classes)) {
    it(`keeps the first ${name} pod in its own devices group`, async () => {
      await runPod(name, "sleep 1000", resources, ["Running"]);
      // Those of the pod before may just be ending.
      const look = `for pid in $(pgrep -f 'while :; do sleep 86400'); do grep :devices: /proc/$pid/cgroup 2>/dev/null; done; exit 0`;
      const groups = (await inNode("sh", "-c", look)).split("\n");
      await deletePod(name);
      expect(groups.filter((group) => group.includes("kubepods")).every((group) => group.endsWith(".scope"))).to.equal(
        true,
      );
      expect(groups.some((group) => group.includes("kubepods"))).to.equal(true);
    });
  }

  it("answers the cluster's names in a pod", async () => {
    const lookup = "nslookup kubernetes.default.svc.cluster.local | grep -q 198.19.0.1";
    const phase = await runPod("names", `timeout 10 sh -c '${lookup}'`, {}, ["Succeeded", "Failed"]);
    await deletePod("names");
    expect(phase).to.equal("Succeeded");
  });

  it("keeps the disk over a power cut, and the machine-id, but not the boot", async () => {
    await inNode("sh", "-c", "echo kept > /opt/file; echo lost > /run/file");
    const [machine, boot] = [await inNode("cat", "/etc/machine-id"), await bootId()];
    await cluster.powerOff(node, signal);
    const gone = await cluster.nodeRoot(node).catch((reason: unknown) => reason);
    expect(gone).to.have.property("code", "NOT_UP");
    await cluster.powerOn(node, signal);
    expect(await inNode("cat", "/opt/file", "/etc/machine-id")).to.equal(`kept\n${machine}`);
    expect(await inNode("sh", "-c", "test -e /run/file || echo gone")).to.equal("gone");
    expect(await bootId()).not.to.equal(boot);
  });

  async function bootId(): Promise<string> {
    return inNode("cat", "/proc/sys/kernel/random/boot_id");
  }

  it("puts another machine in a node's place", async () => {
    const machine = await inNode("cat", "/etc/machine-id");
    await cluster.replaceNode(node, "2.1v3", signal);
    expect(await inNode("cat", "/etc/machine-id")).not.to.equal(machine);
    expect(await inNode("head", "-n", "1", "/etc/containerd/config.toml")).to.equal("version = 3");
    expect(await inNode("sh", "-c", "test -e /opt/file || echo gone")).to.equal("gone");
    const { status } = (await api.call({ path: `/api/v1/nodes/${node}` }, signal)) as NodeAnswer;
    expect(status.nodeInfo.containerRuntimeVersion).to.match(/^containerd:\/\/2\.1\./);
  });

  it("leaves the machine's kernel settings alone", async () => {
    expect(await inNode("cat", "/proc/sys/vm/overcommit_memory")).to.equal("1");
    const write = ["sh", "-c", "echo 7 > /proc/sys/kernel/panic_on_warn"];
    expect(await cluster.nodeExec(node, write, SHORT, signal))
      .to.have.property("code")
      .that.is.greaterThan(0);
    expect(await readlink("/proc/self/ns/net")).not.to.equal(await inNode("readlink", "/proc/self/ns/net"));
  });
});

interface NodeAnswer {
  readonly status: { readonly nodeInfo: { readonly containerRuntimeVersion: string } };
}

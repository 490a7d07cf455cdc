import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, it } from "mocha";
import { installSubject, removeBuiltShim } from "../shim/support/subject.ts";
import { SHIM, type NodeHost, type Report } from "../support/node-host.ts";
import { runStage } from "./job-stage.ts";
import { optionsInForce, startSandbox } from "./node-sandbox.ts";
import { describeNodes, gone } from "./node-tools.ts";

const VOLUME = "/srv/rcm-test/artifact";
const OPTIONS_FILE = "/srv/rcm-test/options.toml";

after("the built shim is removed", removeBuiltShim);

describeNodes("containerdRuntimeOptions of a Shim", (node, version) => {
  // containerd 1.6 hands on nothing of the table but ConfigPath.
  const byFile = version === "1.6";
  const shared = byFile ? { ConfigPath: OPTIONS_FILE } : { Grouping: "node", SystemdCgroup: "true", IoUid: "1000" };
  const typed = byFile ? shared : { Grouping: "node", SystemdCgroup: true, IoUid: 1000 };

  before(async function provide() {
    this.timeout(15 * 60_000); // Our shim may have to be built first: another one does not know what grouping is.
    const folder = await mkdtemp(join(tmpdir(), "rcm-own-"));
    const shim = await installSubject(folder, "");
    await node.host.out(`mkdir -p ${VOLUME}`);
    await node.host.provide(shim, "artifact/shim");
    await rm(folder, { recursive: true });
    await node.host.out(`echo 'Grouping = "node"' > ${OPTIONS_FILE}`);
  });
  after(async () => {
    await node.host.out(`rm -r ${VOLUME} ${OPTIONS_FILE}`);
  });

  async function install(options: Readonly<Record<string, string>>): Promise<Report> {
    return runStage(node.host, { stage: "install", options, volume: VOLUME });
  }

  /** As when `preflight` has found the executable in the store, so that nothing is fetched. */
  async function installStored(options: Readonly<Record<string, string>>): Promise<Report> {
    return runStage(node.host, { stage: "install", options });
  }

  it("reach containerd through a Job, typed, and then the shim that it starts", async () => {
    const { host, clean } = node;
    const report = await install(shared);
    expect(report, report.message).to.include({ ok: true, level: "Proven", restarts: 1 });
    expect(await optionsInForce(host, SHIM)).to.deep.equal(typed);
    expect(await shimsOfTwoPods(host)).to.have.property("size", 1);
    if (version === "2.1") await takeThemAway();
    const removed = await runStage(host, { stage: "uninstall" });
    expect(removed, removed.message).to.include({ ok: true, restarts: 1 });
    await gone(host);
    expect(await host.listing()).to.equal(clean);
  });

  async function takeThemAway(): Promise<void> {
    const report = await installStored({});
    expect(report, report.message).to.include({ ok: true, level: "Proven", restarts: 1 });
    expect((await optionsInForce(node.host, SHIM)) ?? {}).to.deep.equal({});
    expect(await shimsOfTwoPods(node.host)).to.have.property("size", 2);
  }

  if (version === "2.1") return; // As on 1.7.
  it("that the shim refuses are named, and the node is as before", async () => {
    const { host, clean } = node;
    await host.out(`echo 'Grouping = "town"' > ${OPTIONS_FILE}`);
    const report = await install(byFile ? shared : { Grouping: "town" });
    expect(report, report.message).to.include({ ok: false, reason: "ShimBroken", rolledBack: true });
    expect(report.message).to.include("Grouping").and.include("town");
    await gone(host);
    expect(await host.listing()).to.equal(clean);
    expect(await host.ordinaryPod()).to.equal("");
  });
});

/** Kills the handler's shims and waits until they are gone. */
const END_SHIMS = `shims() { for exe in /proc/[0-9]*/exe; do case $(readlink $exe) in */containerd-shim-${SHIM}) echo $exe | cut -d / -f 3; esac; done; }; kill -9 $(shims); for i in $(seq 100); do [ -n "$(shims)" ] || exit 0; sleep 0.1; done; exit 1`;

/** The processes that serve two pods of the handler. */
async function shimsOfTwoPods(host: NodeHost): Promise<ReadonlySet<string>> {
  const pods = [await startSandbox(host, SHIM), await startSandbox(host, SHIM)];
  const list = pods.map(({ id }) => id).join(" ");
  const pid = `ctr -n k8s.io task ls | awk -v id=$id '$1 == id { print $2 }'`;
  const { stdout } = await host.sh(`for id in ${list}; do awk '/^PPid:/ { print $2 }' /proc/$(${pid})/status; done`);
  for (const pod of pods) await pod.remove();
  // One for all pods waits for others before it ends, and holds up an uninstall as long.
  await host.out(END_SHIMS);
  const parents = stdout.trim().split("\n");
  expect(parents).to.have.length(2).and.not.include("1");
  return new Set(parents);
}

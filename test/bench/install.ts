/**
 * What an install costs a node: node test/bench/install.ts [ROUNDS], on the cluster that `scripts/cluster up` made.
 *
 * First by hand, for each version of containerd in turn: a bare restart of containerd, a plan, an install, the same once
 * more, a new executable, an uninstall. Then by the manager: a Shim is applied, and all nodes are provisioned at once.
 * Medians over the rounds, but for memory, where the worst is shown. Outage: from the order to restart until CRI answers.
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleProgram } from "../../scripts/build.d/bundle.ts";
import { NODE_FLAGS } from "../../scripts/build.d/programs.ts";
import { NODES, prepareHosts } from "../support/node-host.ts";
import type { NodeHost, Report } from "../support/node-host.ts";
import { measureRollouts } from "./install/rollouts.ts";
import type { NodeRollout } from "./install/rollouts.ts";

const TOP = join(import.meta.dirname, "../..");
const FOLDER = "/srv/rcm-test";
const rounds = Number(process.argv[2] ?? "5");

interface Round {
  readonly bareMs: number;
  readonly install: Report;
  readonly again: Report;
  readonly upgrade: Report;
  readonly planMb: number;
  readonly installMb: number;
}

const hosts = await prepareHosts();
await provideRestart(hosts);
const table = [];
for (const [at, { version }] of NODES.entries()) {
  const host = hosts[at];
  if (host === undefined) throw new Error(`There is no node ${at}`);
  await host.uninstall();
  const all: Round[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await play(host));
  table.push({
    containerd: version,
    "bare restart: outage (ms)": median(all.map(({ bareMs }) => bareMs)),
    "install: outage (ms)": median(all.map(({ install }) => install.outageMs ?? 0)),
    "install: all (ms)": median(all.map(({ install }) => install.durationMs)),
    "again: restarts": median(all.map(({ again }) => again.restarts)),
    "again: all (ms)": median(all.map(({ again }) => again.durationMs)),
    "new executable: restarts": median(all.map(({ upgrade }) => upgrade.restarts)),
    "new executable: all (ms)": median(all.map(({ upgrade }) => upgrade.durationMs)),
    "plan: peak memory (MB)": Math.max(...all.map(({ planMb }) => planMb)),
    "install: peak memory (MB)": Math.max(...all.map(({ installMb }) => installMb)),
  });
}
console.table(table);
printRollouts(await measureRollouts(rounds));
for (const image of ["manager", "node-installer"]) {
  for (const arch of ["amd64", "arm64"]) console.log(`${image}-${arch}: ${imageSize(image, arch)}`);
}

async function play(host: NodeHost): Promise<Round> {
  const node = `${FOLDER}/node ${NODE_FLAGS["node-installer"].join(" ")}`;
  const bareMs = Number(await host.out(`${node} ${FOLDER}/restart.mjs`));
  const order = `--shim ${FOLDER}/shim1.tar.gz --name demo-v1 --json`;
  const plan = await withPeak(host, `${node} ${FOLDER}/installer.mjs plan ${order}`);
  const install = await withPeak(host, `${node} ${FOLDER}/installer.mjs install ${order}`);
  const again = await host.install(1);
  const upgrade = await host.install(2);
  await host.uninstall();
  return { bareMs, install: install.report, again, upgrade, planMb: plan.peakMb, installMb: install.peakMb };
}

/** The kernel notes the peak of each process: its parent reads it when it ends. */
async function withPeak(host: NodeHost, line: string): Promise<{ readonly report: Report; readonly peakMb: number }> {
  const output = await host.out(
    `python3 -c "import resource,subprocess,sys; subprocess.run(sys.argv[1:]); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)" ${line}`,
  );
  const lines = output.split("\n");
  const report = JSON.parse(lines.find((text) => text.startsWith('{"schema"')) ?? "{}") as Report;
  return { report, peakMb: Math.round(Number(lines.at(-1)) / 1024) };
}

function printRollouts(all: readonly NodeRollout[]): void {
  console.table(
    NODES.map(({ name, version }) => {
      const own = all.filter(({ node }) => node === name);
      const stages = (["preflight", "fetch", "install"] as const).map((stage) => {
        const costs = own.map(({ stages: each }) => each[stage]);
        const peakMb = Math.max(...costs.map((cost) => cost.peakMb));
        const durationMs = median(costs.map((cost) => cost.durationMs));
        return [`${stage} (ms, MB)`, `${durationMs}, ${peakMb}`] as const;
      });
      const proven = median(own.map(({ provenAfterMs }) => provenAfterMs));
      const first = [
        ["containerd", version],
        ["applied to Proven (s)", (proven / 1000).toFixed(1)],
      ] as const;
      return Object.fromEntries<string>([...first, ...stages]);
    }),
  );
}

async function provideRestart(all: readonly NodeHost[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rcm-bench-"));
  const file = join(folder, "restart.mjs");
  await writeFile(file, (await bundleProgram(TOP, "test/bench/bare-restart.ts")).code);
  for (const host of all) await host.provide(file, "restart.mjs");
  await rm(folder, { recursive: true });
}

function imageSize(image: string, arch: string): string {
  const file = join(TOP, `dist/images/${image}-${arch}.tar`);
  spawnSync(join(TOP, "scripts/build"), ["images", "--only", image, "--arch", arch]);
  return `${(statSync(file).size / 1e6).toFixed(1)} MB`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

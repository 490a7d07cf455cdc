/**
 * What an install costs a node: node test/bench/install.ts [ROUNDS], on the cluster that `scripts/cluster up` made.
 *
 * For each version of containerd, in turn: a bare restart of containerd, an install, the same once more, a new
 * executable, an uninstall. Medians over the rounds. Outage: from the order to restart until CRI answers.
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

const TOP = join(import.meta.dirname, "../..");
const FOLDER = "/srv/rcm-test";
const rounds = Number(process.argv[2] ?? "5");

interface Round {
  readonly bareMs: number;
  readonly install: Report;
  readonly again: Report;
  readonly upgrade: Report;
  readonly peakMb: number;
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
    "peak memory (MB)": median(all.map(({ peakMb }) => peakMb)),
  });
}
console.table(table);
for (const image of ["manager", "node-installer"]) {
  for (const arch of ["amd64", "arm64"]) console.log(`${image}-${arch}: ${imageSize(image, arch)}`);
}

async function play(host: NodeHost): Promise<Round> {
  const node = `${FOLDER}/node ${NODE_FLAGS["node-installer"].join(" ")}`;
  const bareMs = Number(await host.out(`${node} ${FOLDER}/restart.mjs`));
  const line = `${node} ${FOLDER}/installer.mjs install --shim ${FOLDER}/shim1.tar.gz --name demo-v1 --json`;
  // The kernel notes the peak of each process: the shell reads that of its child when it ends.
  const output = await host.out(
    `python3 -c "import resource,subprocess,sys; subprocess.run(sys.argv[1:]); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)" ${line}`,
  );
  const lines = output.split("\n");
  const install = JSON.parse(lines.find((text) => text.startsWith('{"schema"')) ?? "{}") as Report;
  const again = await host.install(1);
  const upgrade = await host.install(2);
  await host.uninstall();
  return { bareMs, install, again, upgrade, peakMb: Math.round(Number(lines.at(-1)) / 1024) };
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

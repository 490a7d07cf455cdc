import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { endGroup, endOf } from "./end-of.ts";
import { failuresOf } from "./failures.ts";
import { sumOf, tallyOf } from "./tally.ts";
import type { Tally } from "./tally.ts";

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** The suite is stopped after so many minutes. */
  readonly minutes: number;
}

const TOP = join(import.meta.dirname, "../..");
const CLUSTER = join(TOP, "scripts/cluster");
const BUILD_GUESTS = join(TOP, "test/guests/build-all.ts");

const CHECK: Suite = { name: "check", command: ["npm", "run", "check"], minutes: 10 };
const INTEGRATION: Suite = { name: "integration", command: ["npm", "run", "test:integration"], minutes: 45 };
const SHIM: Suite = { name: "shim", command: ["npm", "run", "test:shim"], minutes: 40 };
const VM: Suite = { name: "vm", command: ["npm", "run", "test:vm"], minutes: 40 };
const NODE: Suite = { name: "node", command: ["npm", "run", "test:node"], minutes: 40 };
const E2E: Suite = { name: "e2e", command: ["npm", "run", "test:e2e"], minutes: 45 };

/**
 * One after another; in each, lanes side by side, for most suites wait more than they compute. `node` and `e2e` share one
 * cluster. `e2e` is alone: on its three nodes the kubelet's own deadlines count.
 */
const STAGES: readonly (readonly (readonly Suite[])[])[] = [
  [[CHECK]],
  [
    [INTEGRATION, VM],
    [SHIM, NODE],
  ],
  [[E2E]],
];
const SUITES = STAGES.flat(2);

/** What only a machine set up by `scripts/cluster` has: real containerd, the Kubernetes executable, packages. */
const NEEDS_CLUSTER: ReadonlySet<string> = new Set(["integration", "shim", "vm", "node", "e2e"]);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `scripts/test: there is no suite "${unknown.join('", "')}": use ${SUITES.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}
process.exitCode = await runAll(SUITES.filter(({ name }) => wanted.length === 0 || wanted.includes(name)));

async function runAll(suites: readonly Suite[]): Promise<number> {
  const needsCluster = suites.some(({ name }) => NEEDS_CLUSTER.has(name));
  const results: Result[] = [];
  let isUp: boolean | undefined = undefined;
  for (const stage of STAGES) {
    const lanes = stage
      .map((lane) => lane.filter((suite) => suites.includes(suite)))
      .filter(({ length }) => length > 0);
    if (lanes.flat().some(({ name }) => NEEDS_CLUSTER.has(name))) isUp ??= await bringUpCluster();
    results.push(...(isUp === false ? lanes.flat().map(withoutCluster) : await runLanes(lanes)));
  }
  if (needsCluster) await run([CLUSTER, "down"], 5);
  const broken = results.filter(({ code }) => code !== 0).map(({ name }) => name);
  for (const { name, failures } of results) if (failures !== "") console.log(`== ${name} failed:\n${failures}\n`);
  if (broken.length > 0) console.log(`Failed: ${broken.join(", ")}`);
  const { passed, failed, skipped } = sumOf(results.map(({ tally }) => tally));
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return broken.length === 0 ? 0 : 1;
}

/** Where lanes share the output, each line says whose it is. */
async function runLanes(lanes: readonly (readonly Suite[])[]): Promise<readonly Result[]> {
  if (lanes.length > 1) await run(["node", BUILD_GUESTS], 30); // Not by two suites at once.
  const results = await Promise.all(
    lanes.map(async (lane) => {
      const done: Result[] = [];
      for (const suite of lane) done.push(await runSuite(suite, lanes.length > 1 ? `${suite.name} | ` : ""));
      return done;
    }),
  );
  return results.flat();
}

interface Result {
  readonly name: string;
  readonly code: number;
  readonly tally: Tally;
  /** Empty unless it failed. */
  readonly failures: string;
}

/** A suite that runs no test has failed, and so has one that ends badly without a failing test. */
async function runSuite({ name, command, minutes }: Suite, prefix: string): Promise<Result> {
  const from = performance.now();
  const { code, output } = await run(command, minutes, prefix);
  const tally = tallyOf(output);
  const bad = code !== 0 || tally.passed === 0;
  console.log(`== ${name}: exit ${code} after ${Math.round((performance.now() - from) / 1000)} s\n`);
  const failed = bad ? Math.max(1, tally.failed) : tally.failed;
  return { name, code: bad ? code || 1 : 0, tally: { ...tally, failed }, failures: bad ? failuresOf(output) : "" };
}

async function bringUpCluster(): Promise<boolean> {
  await run([CLUSTER, "down"], 5);
  const { code } = await run([CLUSTER, "up"], 30);
  return code === 0;
}

/** A machine that cannot have a cluster fails with this reason, and not with a hundred broken tests. */
function withoutCluster({ name }: Suite): Result {
  const failures = "It was not run: the cluster that it needs did not come up, see above";
  return { name, code: 1, tally: { passed: 0, failed: 1, skipped: 0 }, failures };
}

/** @param prefix of each line that is shown. */
async function run(
  command: readonly string[],
  minutes: number,
  prefix = "",
): Promise<{ code: number; output: string }> {
  console.log(`== ${command.join(" ")}`);
  const [program = "", ...args] = command;
  const path = [join(TOP, "node_modules/.bin"), process.env["PATH"]].join(delimiter);
  const child = spawn(program, args, {
    cwd: TOP,
    env: { ...process.env, PATH: path, NODE_OPTIONS: "--disable-warning=ExperimentalWarning", FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // A group of its own, so that nothing is left when time is up.
  });
  let output = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    createInterface({ input: from.setEncoding("utf8") }).on("line", (line) => {
      to.write(`${prefix}${line}\n`);
      output += `${line}\n`;
    });
  }
  const timer = setTimeout(() => {
    console.log(`== stopped after ${minutes} minutes`);
    endGroup(child);
  }, minutes * 60_000);
  const code = await endOf(child);
  clearTimeout(timer);
  return { code, output };
}

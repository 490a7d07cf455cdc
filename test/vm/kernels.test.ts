import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { failuresOf } from "../../scripts/test.d/failures.ts";
import { tallyOf } from "../../scripts/test.d/tally.ts";
import { SYSTEM_PATH, unpackContainerd } from "../cluster/packages.ts";
import { currentSettings } from "../cluster/settings.ts";
import { buildGuest } from "../guests/build-guest.ts";
import { installSubject, removeBuiltShim } from "../shim/support/subject.ts";
import { runInGuest, type JobResult } from "./guest.ts";
import { unpackKernel, type KernelVersion } from "./kernel.ts";
import { whyNoGuests } from "./why-not.ts";

const TOP = join(import.meta.dirname, "../..");
/** Of both guests, which run at the same time. The guests' own clocks are slower. */
const GUESTS_TIMEOUT_MS = 20 * 60_000;
/** The shim may have to be built and the kernels to be downloaded. */
const PREPARE_TIMEOUT_MS = 15 * 60_000;

/** What asks the kernel, without containerd. */
const KERNEL_TESTS = ["shim/linux/*.test.ts", "shim/cgroup/*.test.ts", "test/vm/inside/*.test.ts"];
/** A line of the output after each run. */
const RUN_ENDS = "== the run has ended";
const LIVES = "test/shim/side-by-side.test.ts";
const COMPONENTS = "test/shim/wasm.test.ts";

interface Guest {
  readonly version: KernelVersion;
  /** Arguments of mocha for each of its runs, and how many tests must pass in it at least. */
  readonly runs: readonly { readonly args: readonly string[]; readonly passes: number }[];
}

const GUESTS: readonly Guest[] = [
  {
    version: "5.10",
    runs: [
      { args: KERNEL_TESTS, passes: 50 },
      { args: ["--grep", "1.7.*(memory runs out|resources are limited)", LIVES], passes: 2 },
      { args: ["--grep", "1.7.*answers requests: user 1000", COMPONENTS], passes: 1 },
    ],
  },
  {
    version: "6.1",
    runs: [
      { args: KERNEL_TESTS, passes: 50 },
      { args: ["--grep", "1.7.*memory runs out", LIVES], passes: 1 },
    ],
  },
];

const why = await whyNoGuests();
const unless = why === undefined ? "" : ` (not here: ${why})`;

describe(`the shim on a machine with version 2 of cgroups${unless}`, function guests() {
  this.timeout(GUESTS_TIMEOUT_MS);
  const controller = new AbortController();
  const results = new Map<KernelVersion, Promise<JobResult>>();
  let folder: string | undefined;

  before("the guests are started", async function start() {
    this.timeout(PREPARE_TIMEOUT_MS);
    if (why !== undefined) this.skip();
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(GUESTS_TIMEOUT_MS + PREPARE_TIMEOUT_MS)]);
    const { cacheDir } = currentSettings();
    await unpackContainerd("1.7", cacheDir, signal);
    folder = await mkdtemp(join(tmpdir(), "rcm-vm-shim-"));
    const shim = await installSubject(folder, "/usr/bin/containerd-shim-runc-v2");
    const folders = [TOP, cacheDir, folder, dirname(await buildGuest("c-http"))];
    for (const { version, runs } of GUESTS) {
      const kernel = await unpackKernel(version, cacheDir, signal);
      const script = scriptOf(
        shim,
        runs.map(({ args }) => args),
      );
      const running = runInGuest({ kernel, script, folders }, signal);
      running.catch(() => undefined); // Whoever waits for it learns of it.
      results.set(version, running);
    }
  });

  after("the guests are ended", async () => {
    controller.abort();
    await Promise.allSettled(results.values());
    if (folder !== undefined) await rm(folder, { recursive: true });
    await removeBuiltShim();
  });

  for (const { version, runs } of GUESTS) {
    it(`passes its tests there with Linux ${version}`, async () => {
      const result = await results.get(version);
      if (result === undefined) throw new Error(`Cannot look at the guest with Linux ${version}: it was not started`);
      const { code, output, console: said } = result;
      expect(said, "the guest's console").to.include("Booted after");
      expect(code, failuresOf(output === "" ? said : output)).to.equal(0);
      const tallies = output.split(RUN_ENDS).slice(0, -1).map(tallyOf);
      expect(tallies.map(({ failed }) => failed)).to.deep.equal(runs.map(() => 0));
      for (const [index, { passes }] of runs.entries()) expect(tallies[index]?.passed).to.be.at.least(passes);
    });
  }
});

/** All runs, whatever comes of the first. */
function scriptOf(shim: string, runs: readonly (readonly string[])[]): string {
  const path = [join(TOP, "node_modules/.bin"), SYSTEM_PATH].join(":");
  const lines = runs.map((args) => {
    const words = ["mocha", "--forbid-only", "--timeout", "120000", ...args].map((word) => `'${word}'`);
    return `${words.join(" ")} || code=1\necho ${RUN_ENDS}`;
  });
  return `export PATH='${path}' RCM_SHIM='${shim}'\ncd '${TOP}'\ncode=0\n${lines.join("\n")}\nexit $code\n`;
}

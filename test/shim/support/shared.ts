import { after, before, describe, it } from "mocha";
import { clearLeft, expectNothingLeft } from "./leaks.ts";
import { removeAllPods } from "./pods.ts";
import { removeBuiltShim } from "./subject.ts";
import { TestContainerd, VERSIONS, type Version } from "./test-containerd.ts";

/** Of one test, with what runs before and after it. */
export const TEST_TIMEOUT_MS = 120_000;

/** The shim may have to be built first. */
const START_TIMEOUT_MS = 15 * 60_000;

/** The one containerd of each version, for all test files of a run. */
const shared = new Map<Version, Promise<TestContainerd>>();

after("the containerds are removed", async function removeAll() {
  this.timeout(TEST_TIMEOUT_MS);
  for (const started of await Promise.allSettled(shared.values())) {
    if (started.status === "fulfilled") await started.value.remove(AbortSignal.timeout(TEST_TIMEOUT_MS));
  }
  await removeBuiltShim();
});

/** What tests of one version are written with. */
export interface Scene {
  readonly version: Version;
  /** To be called inside of tests. */
  containerd(this: void): TestContainerd;
  /** A test. After it its pods and containers are removed, and then nothing of them may be left. */
  it(this: void, title: string, work: () => Promise<void>): void;
}

/** Describes the same on every version of containerd. */
export function describeOnEach(title: string, body: (scene: Scene) => void): void {
  for (const version of VERSIONS) {
    describe(`${title}, containerd ${version}`, function onVersion() {
      this.timeout(TEST_TIMEOUT_MS);
      let started: TestContainerd | undefined;
      before("containerd is started", async function start() {
        this.timeout(START_TIMEOUT_MS);
        started = await sharedContainerd(version);
      });
      function containerd(): TestContainerd {
        if (started === undefined) throw new Error("Cannot use containerd: it is started before the first test");
        return started;
      }
      function cleanIt(name: string, work: () => Promise<void>): void {
        it(name, async () => {
          await runClean(containerd(), work);
        });
      }
      body({ version, containerd, it: cleanIt });
    });
  }
}

/** Of what goes wrong first, that is told; whatever it is, the next test finds the machine as this one did. */
async function runClean(containerd: TestContainerd, work: () => Promise<void>): Promise<void> {
  const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
  try {
    await work();
    await removeAllPods(containerd);
    await removeAllTasks(containerd, signal);
    await expectNothingLeft(containerd, signal);
  } catch (error) {
    await containerd.stop("SIGKILL", signal);
    await clearLeft(containerd);
    await containerd.start(signal);
    await removeAllPods(containerd);
    await removeAllTasks(containerd, signal);
    await clearLeft(containerd);
    throw error;
  }
}

async function sharedContainerd(version: Version): Promise<TestContainerd> {
  const starting = shared.get(version) ?? TestContainerd.create(version, AbortSignal.timeout(START_TIMEOUT_MS));
  shared.set(version, starting);
  return starting;
}

/** What ctr has started, in our namespace. */
async function removeAllTasks(containerd: TestContainerd, signal: AbortSignal): Promise<void> {
  const { stdout } = await containerd.ctr(["containers", "list", "-q"], signal);
  for (const id of stdout.split("\n").filter((line) => line !== "")) {
    await containerd.ctr(["tasks", "resume", id], signal);
    await containerd.ctr(["tasks", "delete", "--force", id], signal);
    await containerd.ctr(["containers", "delete", id], signal);
  }
}

import { after, afterEach, before, describe } from "mocha";
import { expectNothingLeft } from "./leaks.ts";
import { removeAllPods } from "./pods.ts";
import { TestContainerd, VERSIONS, type Version } from "./test-containerd.ts";

/** Of one test, with what runs before and after it. */
export const TEST_TIMEOUT_MS = 120_000;

/** The one containerd of each version, for all test files of a run. */
const shared = new Map<Version, Promise<TestContainerd>>();

after("the containerds are removed", async function removeAll() {
  this.timeout(TEST_TIMEOUT_MS);
  for (const started of await Promise.allSettled(shared.values())) {
    if (started.status === "fulfilled") await started.value.remove(AbortSignal.timeout(TEST_TIMEOUT_MS));
  }
});

/**
 * Describes the same on every version of containerd. After each test its pods and containers are removed, and then
 * nothing of them may be left.
 *
 * @param body registers tests; its argument is to be called inside of tests.
 */
export function describeOnEach(
  title: string,
  body: (containerd: () => TestContainerd, version: Version) => void,
): void {
  for (const version of VERSIONS) {
    describe(`${title}, containerd ${version}`, function onVersion() {
      this.timeout(TEST_TIMEOUT_MS);
      let containerd: TestContainerd | undefined;
      before("containerd is started", async () => {
        containerd = await sharedContainerd(version);
      });
      body(() => {
        if (containerd === undefined) throw new Error("Cannot use containerd: it is started before the first test");
        return containerd;
      }, version);
      afterEach("nothing is left", async () => {
        if (containerd === undefined) return;
        await removeAllPods(containerd);
        await removeAllTasks(containerd);
        await expectNothingLeft(containerd, AbortSignal.timeout(TEST_TIMEOUT_MS));
      });
    });
  }
}

async function sharedContainerd(version: Version): Promise<TestContainerd> {
  const starting = shared.get(version) ?? TestContainerd.create(version, AbortSignal.timeout(TEST_TIMEOUT_MS));
  shared.set(version, starting);
  return starting;
}

/** What ctr has started, in our namespace. */
async function removeAllTasks(containerd: TestContainerd): Promise<void> {
  const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
  const { stdout } = await containerd.ctr(["containers", "list", "-q"], signal);
  for (const id of stdout.split("\n").filter((line) => line !== "")) {
    await containerd.ctr(["tasks", "resume", id], signal);
    await containerd.ctr(["tasks", "delete", "--force", id], signal);
    await containerd.ctr(["containers", "delete", id], signal);
  }
}

import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { Faults } from "./support/faults.ts";
import { Pod } from "./support/pods.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { EXITED, statusOf } from "./support/status.ts";
import { subjectIsRunc } from "./support/subject.ts";

const CANCELLED = 1;
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const FAILED_PRECONDITION = 9;
const HANDLERS = ["runc", "spin"] as const;

describeOnEach("a runc that fails", ({ containerd, it }) => {
  it("because it is not there fails the pod, and says so", async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    // All that is there is what our start of containerd needs.
    const path = join(containerd().folder, "almost-empty");
    await mkdir(path, { recursive: true });
    for (const name of ["setpriv", "prlimit"]) await symlink(join("/usr/bin", name), join(path, name));
    await containerd().restart("SIGTERM", signal, { path });
    try {
      for (const handler of HANDLERS) {
        const error = await failure(Pod.run(containerd(), "norunc", handler));
        expect(error.code).to.be.oneOf([UNKNOWN, FAILED_PRECONDITION]);
        expect(error.details).to.match(/runc/);
      }
    } finally {
      await containerd().restart("SIGTERM", signal);
    }
  });

  it("at create, start, exec and delete is told of as with runc's shim", async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    const faults = await Faults.plant(containerd());
    await containerd().restart("SIGTERM", signal, { pathBefore: faults.folder });
    try {
      const seen = await Promise.all(HANDLERS.map(async (handler) => Pod.run(containerd(), "faults", handler)));
      await faults.set("create");
      for (const pod of seen) await expectNoStart(pod, "create");
      // Our shim lets what was created run by itself: it needs no runc for it.
      await faults.set("start");
      for (const pod of seen.slice(0, subjectIsRunc() ? 2 : 1)) await expectNoStart(pod, "start");
      await faults.clear();
      for (const pod of seen) await expectNoExec(pod, faults);
      for (const pod of seen) await expectLateDelete(pod, faults);
      for (const pod of seen) await pod.remove();
    } finally {
      await containerd().restart("SIGTERM", signal);
    }
  });

  it("to end does not hold up the pod for ever", async () => {
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    const faults = await Faults.plant(containerd());
    await containerd().restart("SIGTERM", signal, { pathBefore: faults.folder });
    try {
      const pod = await Pod.run(containerd(), "hang", "spin");
      const containerId = await pod.create("hangs", ["sleep", "1000"]);
      await faults.set("create", "hang");
      const late = containerd().cri.call("StartContainer", { containerId }, 2000);
      expect((await failure(late)).code).to.be.oneOf([CANCELLED, DEADLINE_EXCEEDED]);
      await faults.clear();
      const other = await pod.start("fine", ["sleep", "1000"]);
      const reply = await containerd().cri.call("ExecSync", { containerId: other, cmd: ["true"], timeout: 5 });
      expect(reply["exitCode"]).to.equal(0);
      await pod.remove();
    } finally {
      await containerd().restart("SIGTERM", signal);
    }
  });
});

async function expectNoStart(pod: Pod, verb: string): Promise<void> {
  const containerId = await pod.create(`no-${verb}`, ["sleep", "1000"]);
  const error = await failure(pod.containerd.cri.call("StartContainer", { containerId }));
  expect(error.code).to.equal(2);
  expect(error.details).to.include(`planted fault in ${verb}`);
  expect(await statusOf(pod.containerd, containerId)).to.include({
    state: EXITED,
    exitCode: 128,
    reason: "StartError",
  });
  await pod.containerd.cri.call("RemoveContainer", { containerId });
}

async function expectNoExec(pod: Pod, faults: Faults): Promise<void> {
  const { cri } = pod.containerd;
  const containerId = await pod.start("noexec", ["sleep", "1000"]);
  await faults.set("exec");
  const request = { containerId, cmd: ["true"], timeout: 5 };
  const error = await failure(cri.call("ExecSync", request));
  expect(error.details).to.include(subjectIsRunc() ? "" : "planted fault in exec");
  await faults.clear();
  expect((await cri.call("ExecSync", request))["exitCode"]).to.equal(0);
  await cri.call("RemoveContainer", { containerId });
}

/** What cannot be deleted is deleted later: containerd asks again, and the exit code is not lost. */
async function expectLateDelete(pod: Pod, faults: Faults): Promise<void> {
  await faults.set("delete");
  const containerId = await pod.start("late", ["sh", "-c", "exit 4"]);
  await delay(1000);
  await faults.clear();
  for (let i = 0; i < 300; i += 1) {
    const status = await statusOf(pod.containerd, containerId);
    if (status["state"] === EXITED) {
      expect(status["exitCode"]).to.equal(4);
      return;
    }
    await delay(100);
  }
  throw new Error("The container is not known to have ended within 30 s");
}

async function failure(work: Promise<unknown>): Promise<ServiceError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason as ServiceError,
  );
  if (error === undefined) throw new Error("It does not fail");
  return error;
}

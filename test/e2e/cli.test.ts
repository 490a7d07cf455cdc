import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { cleanUp, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { awaitOutput, runKube, startKube } from "../support/kube-program.ts";
import { eventually } from "../support/kubectl.ts";
import { installOwnShim } from "../support/own-shim.ts";
import { getPod, isReady } from "../support/pod-status.ts";
import { pushToCluster } from "../support/registry-push.ts";
import { podsOf, SPIN_CLASS, spinAppExecutor, spinArtifactOf } from "../support/spin-apps.ts";

const NAME = "by-kube";
/** What an application with all of it has. */
const PARTS = [`secret/${NAME}-runtime-config`, `hpa/${NAME}-autoscaler`];
const AMOUNTS = ["--cpu-limit", "1", "--memory-limit", "512Mi", "--cpu-request", "10m", "--memory-request", "32Mi"];
/** What the image answers. */
const ANSWER = "of the manifest";

describe("the command line on a cluster", () => {
  let stage: Stage;
  let kubeconfig = "";
  let folder = "";
  let image = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-cli-e2e-"));
    stage = await openStage();
    kubeconfig = await stage.cluster.kubeconfigPath();
    await installOwnShim(stage, SPIN_CLASS);
    await stage.apply(spinAppExecutor());
  });
  after(async () => {
    await stage.kubectl(["delete", "spinapp", NAME, "--ignore-not-found", "--wait"]);
    await stage.kubectl(["delete", "spinappexecutors", "-l", "app=rcm-test"]);
    await cleanUp(stage);
    await stage.close();
    await rm(folder, { recursive: true });
  });

  async function printed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runKube(kubeconfig, args);
    expect(code, stderr).to.equal(0);
    return stdout;
  }

  it("deploys an application and waits until it answers", async () => {
    image = await pushToCluster(await spinArtifactOf("rust-app"), "spin-app");
    const flags = ["--from", image, "--name", NAME, "--replicas", "2", "--wait", "--timeout", "2m"];
    const output = await printed("deploy", ...flags);
    expect(output).to.match(/^spinapp\.core\.spinkube\.dev\/by-kube created\n"by-kube" is ready: Running/);
    expect(await printed("list")).to.match(/^default +by-kube +containerd-shim-spin +2\/2$/m);
  });

  it("connects to it, also when the pod of before is gone", async () => {
    const program = startKube(kubeconfig, ["connect", NAME]);
    await awaitOutput(program, "Forwarding from");
    const [, address = "", first = ""] = /from (http:\S+) to port 80 of pod (\S+)\n/.exec(program.output()) ?? [];
    for (let count = 0; count < 3; count += 1) expect(await answerOf(address)).to.equal(ANSWER);
    await stage.kubectl(["delete", "pod", first, "--wait"]);
    await twoPodsAreReady();
    expect(await answerOf(address)).to.equal(ANSWER);
    program.child.kill("SIGINT");
    expect((await program.ended()).code).to.equal(0);
  });

  /** By their own word: the SpinApp's status may be from before one of them went. */
  async function twoPodsAreReady(): Promise<void> {
    await eventually("two pods that are ready", 60_000, async () => {
      const names = await podsOf(stage.kubectl, NAME);
      const pods = await Promise.all(names.map(async (name) => getPod(stage.kubectl, name)));
      return pods.length === 2 && pods.every((pod) => isReady(pod) !== undefined) ? true : undefined;
    });
  }

  it("shows the logs of all pods, and follows them until it is stopped", async () => {
    const pods = await podsOf(stage.kubectl, NAME);
    expect(pods.length).to.be.at.least(2);
    const logs = await printed("logs", NAME, "--tail", "100");
    for (const pod of pods) expect(logs).to.match(new RegExp(`^\\[pod/${pod}\\] .*Serving`, "m"));
    const program = startKube(kubeconfig, ["logs", NAME, "--follow"]);
    await awaitOutput(program, "Serving");
    program.child.kill("SIGINT");
    const { code, stderr } = await program.ended();
    expect([code, stderr]).to.deep.equal([130, ""]);
  });

  it("waits for the pods of a changed runtime configuration", async () => {
    const file = join(folder, "runtime-config.toml");
    const flags = ["--from", image, "--name", NAME, "-c", file, "--wait", "--timeout", "2m"];
    const marks = new Set<string>();
    for (const logs of ["one", "two"]) {
      await writeFile(file, `log_dir = "/${logs}"\n`);
      await printed("deploy", ...flags, "--autoscaler", "hpa", ...AMOUNTS);
      const mark = String.raw`.metadata.annotations.core\.spinkube\.dev/runtime-config`;
      const ready = String.raw`.status.conditions[?(@.type=="Ready")].status`;
      const path = `{range .items[*]}{${mark}} {${ready}}{"\\n"}{end}`;
      const pods = await stage.kubectl([
        "get",
        "pods",
        "-l",
        `core.spinkube.dev/app-name=${NAME}`,
        "-o",
        `jsonpath=${path}`,
      ]);
      const wanted = await stage.kubectl(["get", "spinapp", NAME, "-o", "jsonpath={.spec.podAnnotations.*}"]);
      expect(pods.split("\n").filter((line) => line === `${wanted} True`).length, pods).to.be.at.least(2);
      marks.add(wanted);
    }
    expect(marks.size).to.equal(2);
    const names = await stage.kubectl(["get", ...PARTS, "-o", "name"]);
    expect(names.trim().split("\n").length).to.equal(PARTS.length);
  });

  it("deletes it, and what is with it", async () => {
    expect(await printed("delete", NAME, "--yes")).to.include(NAME);
    await eventually("the end of its parts", 60_000, async () => {
      const left = await stage.kubectl(["get", ...PARTS, "--ignore-not-found", "-o", "name"]);
      return left === "" ? true : undefined;
    });
    expect((await runKube(kubeconfig, ["get", NAME])).stderr).to.include(
      `Could not find application with name ${NAME}`,
    );
  });
});

async function answerOf(address: string): Promise<string> {
  const response = await fetch(address, { headers: { connection: "close" }, signal: AbortSignal.timeout(20_000) });
  return (await response.text()).trim();
}

import { expect } from "chai";
import type { Life } from "../support/life.ts";
import { EXITED } from "../support/status.ts";

/** A pod as Kubernetes starts it: init containers one after the other, then two that stay; and its end. */
export async function podChapter(life: Life): Promise<void> {
  const { cri } = life.containerd;
  const pod = await life.runPod("web", { labels: { app: "web" } });
  await life.call("PodSandboxStatus", { podSandboxId: pod.id, verbose: true });
  await life.call("ListPodSandbox", { filter: { id: pod.id } });
  await life.failing("the same pod again", async () =>
    cri.call("RunPodSandbox", { config: pod.config, runtimeHandler: life.handler }),
  );
  expect(await life.runToEnd(pod, "init-first", ["sh", "-c", "echo one"])).to.include({ exitCode: 0 });
  expect(await life.runToEnd(pod, "init-second", ["sh", "-c", "echo no; exit 3"])).to.include({ exitCode: 3 });
  expect(await life.runToEnd(pod, "init-second", ["sh", "-c", "echo yes"], { attempt: 1 })).to.include({ exitCode: 0 });

  const web = await life.create(pod, "web", ["httpd", "-f", "-p", "8080", "-h", "/www"]);
  await life.call("ContainerStatus", { containerId: web, verbose: true });
  await life.failing("exec before the start", async () =>
    cri.call("ExecSync", { containerId: web, cmd: ["true"], timeout: 5 }),
  );
  await life.call("StartContainer", { containerId: web });
  await life.failingCall("StartContainer", { containerId: web });
  await life.call("ContainerStatus", { containerId: web, verbose: true });
  const sidecar = await life.start(pod, "sidecar", ["sleep", "1000"]);
  await life.exec(sidecar, "wget", "-q", "-O", "-", "http://127.0.0.1:8080/nothing");
  await life.exec(sidecar, "hostname");
  await life.call("ListContainers", { filter: { podSandboxId: pod.id, state: { state: EXITED } } });

  await life.call("StopContainer", { containerId: sidecar, timeout: 0 });
  await life.call("StopContainer", { containerId: sidecar, timeout: 0 });
  await life.call("ContainerStatus", { containerId: sidecar });
  await life.failing("exec after the end", async () =>
    cri.call("ExecSync", { containerId: sidecar, cmd: ["true"], timeout: 5 }),
  );
  await life.call("RemoveContainer", { containerId: sidecar });
  await life.failingCall("ContainerStatus", { containerId: sidecar });
  await life.call("RemoveContainer", { containerId: sidecar });
  await life.start(pod, "sidecar", ["sleep", "1000"], { attempt: 1 });
  await life.failing("checkpoint", async () =>
    cri.call("CheckpointContainer", { containerId: web, location: `${life.containerd.folder}/checkpoint.tar` }),
  );

  await life.call("StopPodSandbox", { podSandboxId: pod.id });
  await life.call("PodSandboxStatus", { podSandboxId: pod.id });
  await life.call("ContainerStatus", { containerId: web });
  await life.failingCall("StartContainer", { containerId: web });
  await life.call("StopPodSandbox", { podSandboxId: pod.id });
  await life.call("RemovePodSandbox", { podSandboxId: pod.id });
  await life.failingCall("PodSandboxStatus", { podSandboxId: pod.id });
  await life.call("RemovePodSandbox", { podSandboxId: pod.id });
}

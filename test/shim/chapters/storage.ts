import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Life } from "../support/life.ts";

/** What Kubernetes makes of volumes: folders and single files of the node, for reading or also for writing. */
export async function storageChapter(life: Life): Promise<void> {
  const folder = join(life.containerd.folder, `volumes-${life.handler}`);
  await mkdir(join(folder, "shared/sub"), { recursive: true });
  await writeFile(join(folder, "shared/sub/file"), "from the node\n");
  await writeFile(join(folder, "config"), "key=value\n");
  const mounts = [
    { containerPath: "/data", hostPath: join(folder, "shared") },
    { containerPath: "/fixed", hostPath: join(folder, "shared"), readonly: true },
    { containerPath: "/etc/app/config", hostPath: join(folder, "config"), readonly: true },
    { containerPath: "/deep/er/sub", hostPath: join(folder, "shared/sub") },
  ];
  const pod = await life.runPod("storage");
  const id = await life.start(pod, "user", ["sleep", "1000"], { config: { mounts } });
  await life.call("ContainerStatus", { containerId: id });
  const script = [
    "cat /data/sub/file /fixed/sub/file /deep/er/sub/file /etc/app/config",
    "echo written > /data/new",
    "cat /fixed/new",
    "echo x > /fixed/new || echo refused",
    "echo x > /etc/app/config || echo refused",
    "mount | grep -E ' /(data|fixed|etc/app|deep|dev|etc/host|etc/resolv)' | cut -d' ' -f3,5 | sort",
  ].join("; ");
  const seen = String((await life.exec(id, "sh", "-c", script))["stdout"]);
  expect(seen.match(/from the node/g)).to.have.length(3);
  expect(seen.match(/refused/g)).to.have.length(2);
  expect(await readFile(join(folder, "shared/new"), "utf8")).to.equal("written\n");
  const both = await life.start(pod, "neighbour", ["sleep", "1000"], {
    config: { mounts: mounts.slice(0, 1) },
    security: { readonlyRootfs: true, runAsUser: { value: "1000" } },
  });
  await life.exec(both, "sh", "-c", "cat /data/new; touch /data/mine || echo refused; touch /root || echo refused");
  await life.failing("a folder of the node that is not there", async () =>
    pod.start("missing", ["true"], {
      config: { mounts: [{ containerPath: "/x", hostPath: join(folder, "config/no") }] },
    }),
  );
  await life.exec(id, "sh", "-c", "df /dev/shm | tail -1 | cut -d' ' -f1; echo hi > /dev/shm/x");
  await life.exec(both, "cat", "/dev/shm/x");
  await pod.remove();
}

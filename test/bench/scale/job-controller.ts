/** The Job controller of the real kube-controller-manager, and no other: no kubelet renews the leases of these nodes. */
import { join } from "node:path";
import { killDaemon, startDaemon } from "../../cluster/daemon.ts";
import { buildGoProgram, goExecutable, KUBE } from "../../cluster/go-program.ts";
import { currentSettings } from "../../cluster/settings.ts";

/** By default it makes 20 requests a second, which is about four Jobs: that would be all that is measured here. */
const UNBRIDLED = ["--kube-api-qps=5000", "--kube-api-burst=5000", "--concurrent-job-syncs=32"];

/** @returns what stops it. It ends with this process at the latest. */
export async function startJobController(
  dir: string,
  kubeconfig: string,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const kube = goExecutable(await buildGoProgram(KUBE, currentSettings().cacheDir, signal), KUBE);
  const daemons = { logDir: join(dir, "log"), pidDir: join(dir, "run"), lifetime: "ours" } as const;
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    "--controllers=job-controller",
    "--leader-elect=false",
    "--secure-port=0",
    `--flex-volume-plugin-dir=${join(dir, "flexvolume")}`,
    ...UNBRIDLED,
  ];
  await startDaemon("job-controller", [kube, "controller-manager", ...flags], daemons);
  return async () => killDaemon(daemons.pidDir, "job-controller", AbortSignal.timeout(20_000));
}

/** SpinApps under load that is enough for an autoscaler of theirs. */
import type { Load, LoadReport } from "./load.ts";
import { startLoad } from "./load.ts";
import { addressOf, OLDER_GROUP } from "./spin-apps.ts";
import type { SpinAppStatus } from "./spin-apps.ts";
import type { TalkNode } from "./talk-node.ts";

export const MOST_PODS = 10;
/** Of the talk's manifest. */
export const RESOURCES = {
  limits: { cpu: "500m", memory: "500Mi" },
  requests: { cpu: "100m", memory: "400Mi" },
} as const;
/**
 * About a tenth of a processor, which is more than half of what a pod of `RESOURCES` requests: enough for two or three pods.
 * So several of these go on beside one another on few processors.
 */
const LOAD = { path: "/burn/10", clients: 2, pauseMs: 150 } as const;

/** An autoscaler of a SpinApp itself, in the SpinApp's group and of its name; the rest as in the talk's for the Deployment. */
export function spinAppScaler(name: string, group: string): object {
  const target = { type: "Utilization", averageUtilization: 50 };
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name },
    spec: {
      scaleTargetRef: { apiVersion: `${group}/v1alpha1`, kind: "SpinApp", name },
      minReplicas: 1,
      maxReplicas: MOST_PODS,
      metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
    },
  };
}

interface UpAndDown {
  /** With two pods that are ready, at least. */
  readonly up: SpinAppStatus;
  readonly report: LoadReport;
  /** With one pod, after the load. */
  readonly down: SpinAppStatus;
}

/** Puts load on a SpinApp that has one pod until it has more, then takes it away until there is one again. */
export async function upAndDown(node: TalkNode, app: string, group = OLDER_GROUP): Promise<UpAndDown> {
  await node.until(app, "Running", ({ status }) => status?.replicas === 1, group);
  const { path, ...pace } = LOAD;
  const url = `http://${await addressOf(node.kubectl, app)}${path}`;
  const load = await startLoad(node.cluster, { url, node: node.host.name, least: 1, ...pace });
  const { up, report } = await untilUp(load, async () =>
    node.until(app, "Running", ({ status }) => (status?.readyReplicas ?? 0) >= 2, group),
  );
  const down = await node.until(app, "Running", ({ status }) => status?.replicas === 1, group);
  return { up, report, down };
}

async function untilUp(
  load: Load,
  wait: () => Promise<SpinAppStatus>,
): Promise<{ readonly up: SpinAppStatus; readonly report: LoadReport }> {
  try {
    return { up: await wait(), report: await load.stop() };
  } catch (error) {
    await load.stop();
    throw error;
  }
}

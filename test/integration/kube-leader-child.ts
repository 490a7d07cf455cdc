/** Leads, says so to its parent, and writes to a ConfigMap every 50 ms until it may not any more. */
import { setTimeout as pause } from "node:timers/promises";
import { createKubeClient, kubeconfigCredentials } from "@rcm/lib/kube-client";
import { runAsLeader, type Leadership } from "@rcm/manager/runtime/leader";
import { CONFIG_MAPS, SILENT } from "./kube-support.ts";

const [, , kubeconfig, name = "", times = "{}"] = process.argv;
const credentials = await kubeconfigCredentials(kubeconfig);
const client = { credentials, userAgent: "rcm-test-child/0", fieldManager: "rcm-test-child" };
const election = {
  ...(JSON.parse(times) as object),
  kube: createKubeClient(client),
  namespace: "default",
  name,
  identity: "child",
  log: SILENT,
};

await runAsLeader(election, write, new AbortController().signal).catch(() => {
  process.exitCode = 1;
});
process.disconnect?.();

async function write(leadership: Leadership): Promise<void> {
  const kube = createKubeClient({
    ...client,
    beforeWrite() {
      leadership.assertHeld();
    },
  });
  process.send?.("leading");
  for (let count = 1; ; count += 1) {
    const body = { data: { value: String(count) } };
    const ref = { name: "written", namespace: "default" };
    await kube.patch(CONFIG_MAPS, ref, { kind: "merge", body }, leadership.signal);
    await pause(50); // Mostly between two writes, so that this is where it is stopped.
  }
}

import { CONTAINERD_SOCKET } from "@rcm/node-installer/cri/cri-connection";
/** Runs in a node: restarts containerd and prints after how many milliseconds CRI answered again. */
import { waitForCri } from "@rcm/node-installer/cri/wait-for-cri";
import { connectSystemd, SYSTEMD_SOCKET } from "@rcm/node-installer/systemd/connect";
import { restartUnit } from "@rcm/node-installer/systemd/unit-job";

const signal = AbortSignal.timeout(60_000);
const bus = await connectSystemd(SYSTEMD_SOCKET, signal);
const from = performance.now();
await restartUnit(bus, "containerd.service", { timeoutMs: 30_000 }, signal);
await waitForCri({ socket: CONTAINERD_SOCKET, deadlineMs: 30_000 }, signal);
console.log(Math.round(performance.now() - from));
bus.close();

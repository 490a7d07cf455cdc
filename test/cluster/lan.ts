import { ALL_ADDRESSES, MACHINE_ADDRESS, MAX_NODES, nodeAddress, podSubnet } from "./addresses.ts";
import type { DaemonOptions } from "./daemon.ts";
import { startDaemon } from "./daemon.ts";
import { pollUntil } from "./poll-until.ts";
import { runCommand, tryCommand } from "./run-command.ts";

const IP_TIMEOUT_MS = 10_000;
const MACHINE_LINK = "rcm0";

/** Name of the process that holds the network's namespace. */
export const LAN_DAEMON = "lan";

/**
 * Makes the nodes' network: a bridge in a namespace of its own, which a sleeping process holds, and one link from it to
 * the machine. All of it goes with that process, but for one route (`removeLan`).
 *
 * @returns the process.
 */
export async function makeLan(options: DaemonOptions, signal: AbortSignal): Promise<number> {
  const pid = await startDaemon(LAN_DAEMON, ["unshare", "--net", "sleep", "infinity"], options);
  await pollUntil(
    { what: "the network namespace", timeoutMs: 10_000, intervalMs: 10, see: `${options.logDir}/${LAN_DAEMON}.log` },
    async () => ((await comm(pid, signal)) === "sleep" ? true : undefined),
    signal,
  );
  await ipBatch(
    [
      "link set lo up",
      "link add br0 type bridge",
      "link set br0 up",
      `link add up0 master br0 type veth peer name ${MACHINE_LINK} netns ${String(process.pid)}`,
      "link set up0 up",
    ],
    ["nsenter", "-t", String(pid), "-n"],
    signal,
  );
  const nodes = Array.from({ length: MAX_NODES }, (_, at) => at + 1);
  await ipBatch(
    [
      `addr add ${MACHINE_ADDRESS}/24 dev ${MACHINE_LINK}`,
      `link set ${MACHINE_LINK} up`,
      // A stray packet never leaves the machine.
      `route add blackhole ${ALL_ADDRESSES} metric 9999`,
      ...nodes.map((index) => `route add ${podSubnet(index)} via ${nodeAddress(index)}`),
    ],
    [],
    signal,
  );
  return pid;
}

/** Removes what the end of the network's process leaves, also after a crash. */
export async function removeLan(signal: AbortSignal): Promise<void> {
  const options = { timeoutMs: IP_TIMEOUT_MS };
  await tryCommand(["ip", "route", "del", "blackhole", ALL_ADDRESSES, "metric", "9999"], options, signal);
  await tryCommand(["ip", "link", "del", MACHINE_LINK], options, signal);
}

async function ipBatch(lines: readonly string[], prefix: readonly string[], signal: AbortSignal): Promise<void> {
  const options = { timeoutMs: IP_TIMEOUT_MS, stdin: `${lines.join("\n")}\n` };
  await runCommand([...prefix, "ip", "-batch", "-"], options, signal);
}

async function comm(pid: number, signal: AbortSignal): Promise<string> {
  const { stdout } = await tryCommand(["cat", `/proc/${String(pid)}/comm`], { timeoutMs: IP_TIMEOUT_MS }, signal);
  return stdout.trim();
}

import { messageOf } from "@rcm/lib/errors";
import type { Context } from "../context.ts";
import { InstallError } from "../errors.ts";
import { connectSystemd, SYSTEMD_SOCKET } from "../systemd/connect.ts";
import type { DBusConnection } from "../systemd/dbus-connection.ts";
import { createCri } from "./cri-link.ts";
import { createDirectLinks } from "./direct-host.ts";
import type { HostLinks } from "./links.ts";
import { arm, containerdUnit, detachScript, disarm, restartContainerd, runCommand, scriptEnd } from "./systemd-host.ts";

const CONTAINERD_UNIT = "containerd.service";

/** @throws {InstallError} `SystemdUnavailable` if containerd may have to be restarted and systemd does not answer. */
export async function openLinks(
  { restart, scratch }: Pick<Context, "restart" | "scratch">,
  signal: AbortSignal,
): Promise<HostLinks> {
  if (restart === "never") return createDirectLinks();
  const bus = await connect(signal);
  return {
    cri: createCri(),
    unit: async (stop) => containerdUnit(bus, CONTAINERD_UNIT, stop),
    run: async (argv, timeoutMs, stop) => runCommand(bus, scratch, { argv, timeoutMs }, stop),
    restart: async (unit, stop) => restartContainerd(bus, unit, stop),
    arm: async (script, afterSeconds, stop) => arm(bus, script, afterSeconds, stop),
    disarm: async (stop) => disarm(bus, stop),
    scriptEnd: async (stop) => scriptEnd(bus, stop),
    detach: async (unit, argv, stop) => detachScript(bus, unit, argv, stop),
    close: () => {
      bus.close();
    },
  };
}

async function connect(signal: AbortSignal): Promise<DBusConnection> {
  try {
    return await connectSystemd(SYSTEMD_SOCKET, signal);
  } catch (error) {
    throw new InstallError("SystemdUnavailable", `${messageOf(error)}: only hosts that run systemd are supported`, {
      cause: error,
    });
  }
}

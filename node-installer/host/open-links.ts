import { connectSystemd, SYSTEMD_SOCKET } from "../systemd/connect.ts";
import type { DBusConnection } from "../systemd/dbus-connection.ts";
import { DEADLINES } from "../context.ts";
import type { Context } from "../context.ts";
import { messageOf } from "@rcm/lib/errors";
import { InstallError } from "../errors.ts";
import { scratchFolder } from "../transaction/journal.ts";
import { createCri } from "./cri-client.ts";
import { createDirectLinks } from "./direct-host.ts";
import type { HostLinks } from "./links.ts";
import { SystemdHost } from "./systemd-host.ts";

const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";
const CONTAINERD_UNIT = "containerd.service";

/** @throws {InstallError} `SystemdUnavailable` if containerd is to be restarted and systemd does not answer. */
export async function openLinks({ restart, store }: Pick<Context, "restart" | "store">, signal: AbortSignal): Promise<HostLinks> {
  if (restart === "never") return createDirectLinks();
  const systemd = new SystemdHost(await connect(signal), scratchFolder(store.root));
  return {
    cri: createCri(CONTAINERD_SOCKET),
    unit: async (stop) => systemd.unit(CONTAINERD_UNIT, stop),
    run: async (argv, timeoutMs, stop) => systemd.run(argv, timeoutMs, stop),
    restart: async (unit, stop) => systemd.restart(unit, DEADLINES.restart, stop),
    arm: async (script, afterSeconds, stop) => systemd.arm(script, afterSeconds, stop),
    disarm: async (stop) => systemd.disarm(stop),
    detach: async (unit, argv, stop) => systemd.detach(unit, argv, stop),
    close: () => {
      systemd.close();
    },
  };
}

async function connect(signal: AbortSignal): Promise<DBusConnection> {
  try {
    return await connectSystemd(SYSTEMD_SOCKET, signal);
  } catch (error) {
    throw new InstallError("SystemdUnavailable", `Cannot reach systemd on this host: ${messageOf(error)}: only hosts that run systemd are supported`, { cause: error });
  }
}

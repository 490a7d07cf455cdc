import { rmdir } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import { DEADLINES } from "../context.ts";
import { InstallError } from "../errors.ts";
import type { DBusConnection } from "../systemd/dbus-connection.ts";
import { listFrom, textFrom } from "../systemd/dbus-value.ts";
import { armDeadMan, awaitScript, endDeadMan } from "../systemd/dead-man.ts";
import { mainCommand } from "../systemd/main-command.ts";
import { pathFromManager, readProperties } from "../systemd/manager-call.ts";
import { runOnHost } from "../systemd/run-on-host.ts";
import { SystemdError } from "../systemd/systemd-error.ts";
import { COLLECT, serviceProperty, startTransient } from "../systemd/transient-unit.ts";
import { resetFailed, restartUnit, stopUnit } from "../systemd/unit-job.ts";
import { serviceProperties, type ServiceProperties } from "../systemd/unit-properties.ts";
import { makeFolder } from "./atomic-file.ts";
import type { CommandResult, ContainerdUnit } from "./links.ts";
import { isFromElsewhere, unitConfigPath, type UnitVariables } from "./unit-config-path.ts";

const DEAD_MAN = "rcm-dead-man";
const JOB = { timeoutMs: 20_000 } as const;

export async function containerdUnit(bus: DBusConnection, name: string, signal: AbortSignal): Promise<ContainerdUnit> {
  const unit = await serviceProperties(bus, name, signal).catch(unreachable);
  if (unit.loadState !== "loaded") {
    throw new InstallError(
      "ContainerdUnavailable",
      `Systemd has no unit "${name}" on this host: only containerd as a systemd service is supported`,
    );
  }
  return {
    name,
    active: unit.activeState === "active",
    executable: unit.execStart[0]?.[0] ?? "/usr/bin/containerd",
    configPath: await configPathOf(bus, { unit: name, ...unit }, signal).catch(unreachable),
  };
}

/** Files of variables cannot be seen from a pod: what containerd has been started with says what is in them. */
async function configPathOf(
  bus: DBusConnection,
  { unit, execStart, mainPid }: Pick<ServiceProperties, "execStart" | "mainPid"> & { readonly unit: string },
  signal: AbortSignal,
): Promise<string> {
  const argv = execStart[0] ?? [];
  const variables = await variablesOf(bus, unit, signal);
  const running = isFromElsewhere(argv, variables) ? await mainCommand(bus, { unit, mainPid }, signal) : undefined;
  return unitConfigPath(running ?? argv, variables.environment);
}

async function variablesOf(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<UnitVariables> {
  const path = await pathFromManager(bus, { member: "LoadUnit", signature: "s", args: [unit] }, signal);
  const of = { path, interface: "org.freedesktop.systemd1.Service", names: ["Environment", "EnvironmentFiles"] };
  const [environment, files] = await readProperties(bus, of, signal);
  return { environment: listFrom(environment).map(textFrom), hasFiles: listFrom(files).length > 0 };
}

/** @throws {InstallError} `RestartFailed` with systemd's result, such as `failed` or `timeout`. */
export async function restartContainerd(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<void> {
  await resetFailed(bus, unit, signal).catch(unreachable);
  const outcome = await restartUnit(bus, unit, { timeoutMs: DEADLINES.restart }, signal).catch(failedRestart);
  if (outcome.jobResult === "done") return;
  throw new InstallError(
    "RestartFailed",
    `Systemd could not restart ${unit}: its job's result is "${outcome.jobResult}": look at its log (journalctl -u ${unit})`,
  );
}

function failedRestart(error: unknown): never {
  if (!(error instanceof SystemdError)) throw error;
  throw new InstallError("RestartFailed", messageOf(error), { cause: error });
}

/** @param scratch a folder that the host sees under the same path. */
export async function runCommand(
  bus: DBusConnection,
  scratch: string,
  { argv, timeoutMs }: { readonly argv: readonly string[]; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<CommandResult> {
  const [program = "", ...args] = argv;
  const words = isAbsolute(program) ? argv : ["/usr/bin/env", program, ...args];
  const folder = { hostPath: scratch, ownPath: scratch };
  await makeFolder(scratch);
  try {
    return await runOnHost(bus, { argv: words, timeoutMs, folder }, signal);
  } catch (error) {
    return unreachable(error);
  } finally {
    // Where nothing else is in them, they were made for this command.
    await rmdir(scratch).catch(() => undefined);
    await rmdir(dirname(scratch)).catch(() => undefined);
  }
}

/** Starts a script that goes on without us; one of the same name is ended first. */
export async function detachScript(
  bus: DBusConnection,
  unit: string,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await stopUnit(bus, unit, JOB, signal).catch(unreachable);
  const service = serviceProperty({
    description: `runtime-class-manager: ${unit}`,
    argv,
    type: "exec",
    properties: [COLLECT],
  });
  await startTransient(bus, { unit: { name: unit, properties: service } }, JOB, signal).catch(unreachable);
}

export async function arm(
  bus: DBusConnection,
  scriptPath: string,
  afterSec: number,
  signal: AbortSignal,
): Promise<void> {
  await disarm(bus, signal);
  await armDeadMan(bus, { unit: DEAD_MAN, afterSec, scriptPath }, signal).catch(unreachable);
}

export async function disarm(bus: DBusConnection, signal: AbortSignal): Promise<"disarmed" | "fired" | "absent"> {
  const { kind } = await endDeadMan(bus, DEAD_MAN, signal).catch(unreachable);
  return kind === "armed" ? "disarmed" : kind;
}

export async function scriptEnd(bus: DBusConnection, signal: AbortSignal): Promise<void> {
  await awaitScript(bus, DEAD_MAN, signal).catch(unreachable);
}

function unreachable(error: unknown): never {
  if (!(error instanceof SystemdError)) throw error;
  throw new InstallError("SystemdUnavailable", messageOf(error), { cause: error });
}

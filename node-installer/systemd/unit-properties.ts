import { configPathFrom } from "./containerd-config-flag.ts";
import type { DBusConnection } from "./dbus-connection.ts";
import { listFrom, textFrom } from "./dbus-value.ts";
import { pathFromManager, readProperties } from "./manager-call.ts";
import { requireUnitName } from "./unit-name.ts";

/** What every unit has. A unit that does not exist has the load state `not-found`. */
export interface UnitState {
  /** `loaded`, `not-found`, `bad-setting`, `error`, `masked`, ... */
  readonly loadState: string;
  /** `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating` */
  readonly activeState: string;
  /** For a service `running`, `auto-restart`, `dead`, ...; for a timer `waiting`, `running`, `elapsed`, `dead`. */
  readonly subState: string;
  /** A job of this unit waits or runs. */
  readonly hasJob: boolean;
}

/** What systemd knows of a service. */
export interface ServiceProperties extends UnitState {
  /** When it last became active: microseconds since 1970; 0 if never. */
  readonly activeEnterTimestampUs: number;
  /** 0 if it has no main process. A process id of the host. */
  readonly mainPid: number;
  /** Arguments, with the program first, of each `ExecStart=`. */
  readonly execStart: readonly (readonly string[])[];
  /** Argument of `--config` or `-c` in the first `ExecStart=`; see `configPathFrom`. */
  readonly configPath: string | undefined;
  /** The unit file; empty if there is none. */
  readonly fragmentPath: string;
  readonly dropInPaths: readonly string[];
  /** Automatic restarts since the last order to start; needs systemd 235. */
  readonly nRestarts: number;
  /** `success`, `exit-code`, `signal`, `timeout`, `start-limit-hit`, ... */
  readonly result: string;
  /** The files of the unit on disk are not those that systemd has read. */
  readonly needsReload: boolean;
  /** A new one, as hex, each time the unit is started. */
  readonly invocationId: string;
}

const UNIT = "org.freedesktop.systemd1.Unit";
const SERVICE = "org.freedesktop.systemd1.Service";

/** Loads the unit if need be and says in which state it is. */
export async function unitState(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<UnitState> {
  return stateAt(bus, await loadUnit(bus, unit, signal), signal);
}

export async function unitExists(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<boolean> {
  const { loadState } = await unitState(bus, unit, signal);
  return loadState !== "not-found";
}

/** @throws {SystemdError} `INVALID_ARGUMENT` if `unit` is not the name of a service. */
export async function serviceProperties(
  bus: DBusConnection,
  unit: string,
  signal: AbortSignal,
): Promise<ServiceProperties> {
  const path = await loadUnit(bus, unit, signal);
  const unitNames = ["ActiveEnterTimestamp", "FragmentPath", "DropInPaths", "NeedDaemonReload", "InvocationID"];
  const serviceNames = ["MainPID", "ExecStart", "NRestarts", "Result"];
  const [state, ofUnit, ofService] = await Promise.all([
    stateAt(bus, path, signal),
    readProperties(bus, { path, interface: UNIT, names: unitNames }, signal),
    readProperties(bus, { path, interface: SERVICE, names: serviceNames }, signal),
  ]);
  const [activeEnter, fragmentPath, dropIns, needsReload, invocationId] = ofUnit;
  const [mainPid, execStart, nRestarts, result] = ofService;
  const commands = listFrom(execStart).map((command) => listFrom(listFrom(command)[1]).map(textFrom));
  return {
    ...state,
    activeEnterTimestampUs: Number(activeEnter),
    mainPid: Number(mainPid),
    execStart: commands,
    configPath: configPathFrom(commands[0] ?? []),
    fragmentPath: textFrom(fragmentPath),
    dropInPaths: listFrom(dropIns).map(textFrom),
    nRestarts: Number(nRestarts),
    result: textFrom(result),
    needsReload: needsReload === true,
    invocationId: invocationId instanceof Uint8Array ? Buffer.from(invocationId).toString("hex") : "",
  };
}

async function loadUnit(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<string> {
  requireUnitName(unit);
  return pathFromManager(bus, { member: "LoadUnit", signature: "s", args: [unit] }, signal);
}

async function stateAt(bus: DBusConnection, path: string, signal: AbortSignal): Promise<UnitState> {
  const names = ["LoadState", "ActiveState", "SubState", "Job"];
  const [load, active, sub, job] = await readProperties(bus, { path, interface: UNIT, names }, signal);
  const hasJob = listFrom(job)[0] !== 0;
  return { loadState: textFrom(load), activeState: textFrom(active), subState: textFrom(sub), hasJob };
}

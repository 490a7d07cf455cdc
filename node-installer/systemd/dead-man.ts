import { setTimeout as delay } from "node:timers/promises";
import type { DBusConnection } from "./dbus-connection.ts";
import { Variant } from "./dbus-value.ts";
import { isRefusal } from "./systemd-error.ts";
import { serviceProperty, startTransient, type UnitProperty } from "./transient-unit.ts";
import { resetFailed, stopUnit } from "./unit-job.ts";
import { unitState, type UnitState } from "./unit-properties.ts";

export interface DeadMan {
  /** Name of the switch: that of a unit without its suffix. */
  readonly unit: string;
  /** The script runs so many seconds from now, within a second. */
  readonly afterSec: number;
  /** A script for /bin/sh: its absolute path as the host sees it. */
  readonly scriptPath: string;
  /** systemd kills the script after so many seconds; `SCRIPT_MAX_SEC` if not given. */
  readonly scriptMaxSec?: number;
}

/** What became of the script of a switch that has fired. */
export type ScriptState = "running" | "succeeded" | "failed";

export type DeadManState =
  | { readonly kind: "absent" }
  | { readonly kind: "armed" }
  | { readonly kind: "fired"; readonly script: ScriptState };

export const SCRIPT_MAX_SEC = 600;

const JOB = { timeoutMs: 20_000 };

/** Between two looks at a script that runs. */
const POLL_MS = 100;

/**
 * Makes systemd run a script after some time unless `disarmDeadMan` comes first. It does not need us any more: it
 * survives the end of this process and of its pod, a restart of containerd, `daemon-reload` and `daemon-reexec`.
 * It does not survive a boot of the host.
 *
 * @throws {SystemdError} `REFUSED` with `...UnitExists` if a switch of this name is armed, or has fired.
 */
export async function armDeadMan(bus: DBusConnection, deadMan: DeadMan, signal: AbortSignal): Promise<void> {
  const { unit, afterSec } = deadMan;
  const beside = [{ name: `${unit}.service`, properties: scriptProperties(deadMan) }];
  const afterUs = BigInt(Math.round(afterSec * 1_000_000));
  try {
    const timer: UnitProperty = ["TimersMonotonic", new Variant("a(st)", [["OnActiveSec", afterUs]])];
    await startTransient(
      bus,
      { unit: { name: `${unit}.timer`, properties: timerProperties(unit, timer) }, beside },
      JOB,
      signal,
    );
  } catch (error) {
    if (!isUnknownProperty(error)) throw error;
    const timer: UnitProperty = ["OnActiveSec", new Variant("t", afterUs)]; // systemd before 242
    await startTransient(
      bus,
      { unit: { name: `${unit}.timer`, properties: timerProperties(unit, timer) }, beside },
      JOB,
      signal,
    );
  }
}

/** Whether the switch is armed, has fired, or neither. It stays "fired" until `disarmDeadMan`. */
export async function deadManState(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<DeadManState> {
  // The service last: what the timer starts between the two looks is then seen in the second.
  const timer = await unitState(bus, `${unit}.timer`, signal);
  const script = scriptState(await unitState(bus, `${unit}.service`, signal));
  if (script !== undefined) return { kind: "fired", script };
  return timer.subState === "waiting" ? { kind: "armed" } : { kind: "absent" };
}

/**
 * Takes the switch away for good: a script that runs is waited for, for it would go on restoring and restarting beside
 * whatever comes next.
 */
export async function endDeadMan(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<DeadManState> {
  const state = await disarmDeadMan(bus, unit, signal);
  if (state.kind !== "fired" || state.script !== "running") return state;
  await awaitScript(bus, unit, signal);
  await disarmDeadMan(bus, unit, signal);
  return state;
}

/** Waits while the script runs. Where it has not been fired nothing is waited for. */
export async function awaitScript(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const state = await deadManState(bus, unit, signal);
    if (state.kind !== "fired" || state.script !== "running") return;
    await delay(POLL_MS, undefined, { signal });
  }
}

/**
 * Takes the switch away.
 *
 * @returns how it was: after `armed` the script has not run and will not. After `fired` it has run or is running; a
 *   running one is left alone, and the switch stays until it is disarmed after its end.
 */
export async function disarmDeadMan(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<DeadManState> {
  const before = await unitState(bus, `${unit}.timer`, signal);
  // Once the timer is stopped nothing starts the script any more, and what it has started is there to be seen: its
  // service stays active after a good end, failed after a bad one.
  await stopUnit(bus, `${unit}.timer`, JOB, signal);
  const script = scriptState(await unitState(bus, `${unit}.service`, signal));
  if (script === undefined) return before.subState === "waiting" ? { kind: "armed" } : { kind: "absent" };
  if (script !== "running") {
    await stopUnit(bus, `${unit}.service`, JOB, signal);
    await resetFailed(bus, `${unit}.service`, signal);
  }
  return { kind: "fired", script };
}

/** Undefined if the script has not begun to run. */
function scriptState({ activeState, hasJob }: UnitState): ScriptState | undefined {
  if (activeState === "active") return "succeeded"; // RemainAfterExit
  if (activeState === "failed") return "failed";
  return activeState === "inactive" && !hasJob ? undefined : "running";
}

function scriptProperties({ unit, scriptPath, scriptMaxSec = SCRIPT_MAX_SEC }: DeadMan): readonly UnitProperty[] {
  return serviceProperty({
    description: `runtime-class-manager: ${unit}`,
    argv: ["/bin/sh", scriptPath],
    type: "oneshot",
    properties: [
      ["RemainAfterExit", new Variant("b", true)],
      ["TimeoutStartUSec", new Variant("t", BigInt(scriptMaxSec) * 1_000_000n)],
    ],
  });
}

function timerProperties(unit: string, timer: UnitProperty): readonly UnitProperty[] {
  return [
    ["Description", new Variant("s", `runtime-class-manager: ${unit}`)],
    timer,
    ["AccuracyUSec", new Variant("t", 500_000n)], // Else a minute.
  ];
}

/** How systemd says that it does not know a property of a transient unit. */
function isUnknownProperty(error: unknown): boolean {
  return (
    isRefusal(error, "org.freedesktop.DBus.Error.PropertyReadOnly") ||
    isRefusal(error, "org.freedesktop.DBus.Error.UnknownProperty")
  );
}

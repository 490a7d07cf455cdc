import { connectSystemd } from "@rcm/node-installer/systemd/connect";
import type { DBusConnection } from "@rcm/node-installer/systemd/dbus-connection";
import { Variant } from "@rcm/node-installer/systemd/dbus-value";
import {
  armDeadMan,
  awaitScript,
  deadManState,
  disarmDeadMan,
  endDeadMan,
  type DeadMan,
} from "@rcm/node-installer/systemd/dead-man";
import { runOnHost, type HostCommand } from "@rcm/node-installer/systemd/run-on-host";
import { serviceProperty, startTransient, type UnitProperty } from "@rcm/node-installer/systemd/transient-unit";
import { resetFailed, restartUnit, stopUnit } from "@rcm/node-installer/systemd/unit-job";
import { serviceProperties, unitExists, unitState } from "@rcm/node-installer/systemd/unit-properties";

/** All operations take a part of this. */
export interface DriverInput {
  readonly unit?: string;
  readonly argv?: readonly string[];
  readonly command?: HostCommand;
  readonly deadMan?: DeadMan;
}

type Operation = (bus: DBusConnection, input: Required<DriverInput>) => Promise<unknown>;

const signal = AbortSignal.timeout(60_000);
const WAIT = { timeoutMs: 30_000 };
const REMAIN: UnitProperty = ["RemainAfterExit", new Variant("b", true)];

const OPERATIONS: Readonly<Record<string, Operation>> = {
  serviceProperties: async (bus, { unit }) => serviceProperties(bus, unit, signal),
  unitState: async (bus, { unit }) => unitState(bus, unit, signal),
  unitExists: async (bus, { unit }) => unitExists(bus, unit, signal),
  restartUnit: async (bus, { unit }) => restartUnit(bus, unit, WAIT, signal),
  restartUnitBriefly: async (bus, { unit }) => restartUnit(bus, unit, { timeoutMs: 200 }, signal),
  stopUnit: async (bus, { unit }) => stopUnit(bus, unit, WAIT, signal),
  resetFailed: async (bus, { unit }) => resetFailed(bus, unit, signal),
  startService: async (bus, { unit, argv }) => {
    const properties = serviceProperty({ description: "test", argv, type: "exec" });
    return startTransient(bus, { unit: { name: unit, properties } }, WAIT, signal);
  },
  startRemaining: async (bus, { unit, argv }) => {
    const properties = serviceProperty({ description: "test", argv, type: "oneshot", properties: [REMAIN] });
    return startTransient(bus, { unit: { name: unit, properties } }, WAIT, signal);
  },
  runOnHost: async (bus, { command }) => runOnHost(bus, command, signal),
  runOnHostBriefly: async (bus, { command }) => runOnHost(bus, command, AbortSignal.timeout(300)),
  armDeadMan: async (bus, { deadMan }) => armDeadMan(bus, deadMan, signal),
  deadManState: async (bus, { unit }) => deadManState(bus, unit, signal),
  disarmDeadMan: async (bus, { unit }) => disarmDeadMan(bus, unit, signal),
  endDeadMan: async (bus, { unit }) => endDeadMan(bus, unit, signal),
  endDeadManBriefly: async (bus, { unit }) => endDeadMan(bus, unit, AbortSignal.timeout(300)),
  awaitScript: async (bus, { unit }) => awaitScript(bus, unit, signal),
  awaitScriptBriefly: async (bus, { unit }) => awaitScript(bus, unit, AbortSignal.timeout(300)),
};

// In a process of its own, for systemd hangs up on a client that its PID namespace does not hold; so it also shows what
// outlives us. Arguments: socket, operation, input as JSON. Prints {"value"} or {"error"}.
const [socket = "", name = "", input = "{}"] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await outcome()));

async function outcome(): Promise<object> {
  const bus = await connectSystemd(socket, signal);
  try {
    const value = await OPERATIONS[name]?.(bus, JSON.parse(input) as Required<DriverInput>);
    return { value };
  } catch (error) {
    const { code, dbusName, message } = error as { code?: string; dbusName?: string; message: string };
    return { error: { code, dbusName, message } };
  } finally {
    bus.close();
  }
}

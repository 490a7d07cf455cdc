import type { DBusConnection } from "./dbus-connection.ts";
import { Variant, type DBusValue } from "./dbus-value.ts";
import { SystemdError } from "./systemd-error.ts";
import { runJob, type JobResult, type JobWait } from "./unit-job.ts";
import { requireUnitName } from "./unit-name.ts";

/** A property of a transient unit by its name on D-Bus (`TimeoutStartUSec`, not `TimeoutStartSec`). */
export type UnitProperty = readonly [name: string, value: Variant];

export interface TransientService {
  readonly description: string;
  /** The program, by an absolute path, and its arguments, which reach it as they are. */
  readonly argv: readonly string[];
  /** The job of a `oneshot` ends with the command, that of an `exec` (systemd 240) once the command is running. */
  readonly type: "oneshot" | "exec" | "simple";
  /** Beyond what the fields above say. */
  readonly properties?: readonly UnitProperty[];
}

export interface TransientUnit {
  /** With its suffix. */
  readonly name: string;
  readonly properties: readonly UnitProperty[];
}

/** systemd forgets the unit when its command has ended, however it ended. */
export const COLLECT: UnitProperty = ["CollectMode", new Variant("s", "inactive-or-failed")];

/**
 * Makes and starts a unit that has no file, and lives until it is stopped, collected or the host boots.
 *
 * @param unit.beside units that are made with it but not started.
 * @throws {SystemdError} `REFUSED` with `...UnitExists` if there is one of that name; `TIMEOUT`; `DISCONNECTED`.
 */
export async function startTransient(
  bus: DBusConnection,
  { unit, beside = [] }: { readonly unit: TransientUnit; readonly beside?: readonly TransientUnit[] },
  wait: JobWait,
  signal: AbortSignal,
): Promise<JobResult> {
  for (const { name } of [unit, ...beside]) requireUnitName(name);
  const args: DBusValue[] = [
    unit.name,
    "fail",
    unit.properties,
    beside.map(({ name, properties }) => [name, properties]),
  ];
  const order = { member: "StartTransientUnit", signature: "ssa(sv)a(sa(sv))", args };
  return runJob(bus, { order, task: `start transient unit "${unit.name}"`, ...wait }, signal);
}

/** @throws {SystemdError} `INVALID_ARGUMENT` if there is no program, or not by an absolute path. */
export function serviceProperty(service: TransientService): readonly UnitProperty[] {
  const { description, argv, type, properties = [] } = service;
  const [program] = argv;
  if (program?.startsWith("/") !== true) {
    throw new SystemdError("INVALID_ARGUMENT", `Cannot run "${program ?? ""}" on the host: it is no absolute path`);
  }
  return [
    ["Description", new Variant("s", description)],
    ["Type", new Variant("s", type)],
    ["ExecStart", new Variant("a(sasb)", [[program, argv.map(literalArgument), false]])],
    ...properties,
  ];
}

/** systemd puts variables of the environment in where an argument says `$NAME` or `${NAME}`; `$$` is a plain `$`. */
function literalArgument(argument: string): string {
  return argument.replaceAll("$", "$$$$");
}

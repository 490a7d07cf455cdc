import { randomBytes } from "node:crypto";
import { readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { orAborted } from "../systemd/or-aborted.ts";
import type { DBusConnection } from "../systemd/dbus-connection.ts";
import { Variant } from "../systemd/dbus-value.ts";
import type { DBusValue } from "../systemd/dbus-value.ts";
import { SystemdError } from "../systemd/systemd-error.ts";
import { InstallError } from "../errors.ts";
import { exists, makeFolder } from "./atomic-file.ts";
import type { CommandResult, ContainerdUnit } from "./links.ts";

const MANAGER = { path: "/org/freedesktop/systemd1", interface: "org.freedesktop.systemd1.Manager" } as const;
const PROPERTIES = "org.freedesktop.DBus.Properties";
const OUTPUT_MAX_BYTES = 8 * 1024 * 1024;
const DEAD_MAN = "rcm-dead-man";

/** systemd's own D-Bus API: https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.systemd1.html */
export class SystemdHost {
  readonly #bus: DBusConnection;
  /** A folder that the host sees under the same path: what a command prints goes through files in it. */
  readonly #scratch: string;

  constructor(bus: DBusConnection, scratch: string) {
    this.#bus = bus;
    this.#scratch = scratch;
  }

  close(): void {
    this.#bus.close();
  }

  /** The unit of containerd. @throws {InstallError} `ContainerdUnavailable` if systemd knows none. */
  async unit(name: string, signal: AbortSignal): Promise<ContainerdUnit> {
    const [path] = await this.#call("LoadUnit", "s", [name], signal);
    const unit = await this.#properties(String(path), "org.freedesktop.systemd1.Unit", signal);
    if (unit.get("LoadState") !== "loaded") {
      throw new InstallError("ContainerdUnavailable", `Systemd has no unit "${name}" on this host: only containerd as a systemd service is supported`);
    }
    const service = await this.#properties(String(path), "org.freedesktop.systemd1.Service", signal);
    const argv = commandOf(service.get("ExecStart"));
    return {
      name,
      active: unit.get("ActiveState") === "active",
      executable: argv[0] ?? "containerd",
      configPath: configArgument(argv) ?? "/etc/containerd/config.toml",
    };
  }

  /** @throws {InstallError} `RestartFailed` with systemd's result, such as `failed` or `timeout`. */
  async restart(unit: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.#call("ResetFailedUnit", "s", [unit], signal).catch(() => undefined);
    const result = await this.#job("RestartUnit", "ss", [unit, "replace"], timeoutMs, signal);
    if (result === "done") return;
    throw new InstallError("RestartFailed", `Systemd could not restart ${unit}: ${result}: look at journalctl -u ${unit}`);
  }

  async run(argv: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<CommandResult> {
    const id = randomBytes(6).toString("hex");
    const folder = join(this.#scratch, `run-${id}`);
    const [out, error, code] = [join(folder, "out"), join(folder, "err"), join(folder, "code")];
    await makeFolder(folder);
    try {
      const script = 'o=$1; e=$2; c=$3; shift 3; "$@" >"$o" 2>"$e" </dev/null; echo $? >"$c"';
      const words = ["/bin/sh", "-c", script, "sh", out, error, code, ...argv];
      const properties = [...serviceProperties(words, "oneshot"), property("TimeoutStartUSec", "t", micro(timeoutMs))];
      const result = await this.#start(`rcm-run-${id}.service`, properties, timeoutMs + 2000, signal);
      if (!(await exists(code))) {
        throw new InstallError("SystemdUnavailable", `Cannot run "${argv[0]}" on the host: ${result}`);
      }
      return {
        exitCode: Number(await readFile(code, "utf8")),
        stdout: await readText(out),
        stderr: await readText(error),
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rmdir(this.#scratch).catch(() => undefined); // Others may use it.
    }
  }

  /** Starts a script that goes on without us; one of the same name is ended first. */
  async detach(unit: string, argv: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#stop(unit, signal);
    await this.#start(unit, serviceProperties(argv, "exec"), 20_000, signal);
  }

  async arm(script: string, afterSeconds: number, signal: AbortSignal): Promise<void> {
    await this.#stop(`${DEAD_MAN}.timer`, signal);
    const timer = [
      property("Description", "s", "Takes a change of containerd back unless it is disarmed"),
      property("TimersMonotonic", "a(st)", [["OnActiveSec", micro(afterSeconds * 1000)]]),
      property("AccuracyUSec", "t", micro(1000)),
      property("RemainAfterElapse", "b", false),
    ];
    const service = serviceProperties(["/bin/sh", script], "oneshot");
    const aux = [[`${DEAD_MAN}.service`, service]];
    await this.#start(`${DEAD_MAN}.timer`, timer, 20_000, signal, aux);
  }

  /** Whether the switch was there, and in time. */
  async disarm(signal: AbortSignal): Promise<"disarmed" | "fired" | "absent"> {
    const armed = await this.#isLoaded(`${DEAD_MAN}.timer`, signal);
    await this.#stop(`${DEAD_MAN}.timer`, signal);
    if (await this.#isRunning(`${DEAD_MAN}.service`, signal)) return "fired";
    return armed ? "disarmed" : "absent";
  }

  async #isLoaded(unit: string, signal: AbortSignal): Promise<boolean> {
    return this.#call("GetUnit", "s", [unit], signal).then(
      () => true,
      (error: unknown) => missing(error, false),
    );
  }

  async #isRunning(unit: string, signal: AbortSignal): Promise<boolean> {
    try {
      const [path] = await this.#call("GetUnit", "s", [unit], signal);
      const state = (await this.#properties(String(path), "org.freedesktop.systemd1.Unit", signal)).get("ActiveState");
      return state === "active" || state === "activating";
    } catch (error) {
      return missing(error, false);
    }
  }

  async #stop(unit: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#job("StopUnit", "ss", [unit, "replace"], 20_000, signal);
    } catch (error) {
      missing(error, undefined);
    }
  }

  async #start(
    unit: string,
    properties: readonly DBusValue[],
    timeoutMs: number,
    signal: AbortSignal,
    aux: readonly DBusValue[] = [],
  ): Promise<string> {
    return this.#job("StartTransientUnit", "ssa(sv)a(sa(sv))", [unit, "replace", properties, aux], timeoutMs, signal);
  }

  /** Asks for a job and waits for its result; systemd tells every private connection of each that ends. */
  async #job(member: string, signature: string, args: readonly DBusValue[], timeoutMs: number, signal: AbortSignal): Promise<string> {
    const ended = new Map<string, string>();
    const waiting = Promise.withResolvers<void>();
    let wanted: string | undefined;
    const off = this.#bus.onSignal(({ member: name, body }) => {
      if (name !== "JobRemoved") return;
      ended.set(String(body[1]), String(body[3]));
      if (String(body[1]) === wanted) waiting.resolve();
    });
    const late = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const [job] = await this.#call(member, signature, args, signal);
      wanted = String(job);
      if (!ended.has(wanted)) await orAborted(waiting.promise, late);
      return ended.get(wanted) ?? "unknown";
    } catch (error) {
      if (late.aborted && !signal.aborted) return "timeout";
      throw error;
    } finally {
      off();
    }
  }

  async #call(member: string, signature: string, args: readonly DBusValue[], signal: AbortSignal): Promise<readonly DBusValue[]> {
    return this.#bus.call({ ...MANAGER, member, signature, args }, signal);
  }

  async #properties(path: string, name: string, signal: AbortSignal): Promise<ReadonlyMap<string, DBusValue>> {
    const [all] = await this.#bus.call({ path, interface: PROPERTIES, member: "GetAll", signature: "s", args: [name] }, signal);
    const entries = (Array.isArray(all) ? all : []) as readonly (readonly [string, Variant])[];
    return new Map(entries.map(([key, { value }]) => [key, value]));
  }
}

function serviceProperties(argv: readonly string[], type: "oneshot" | "exec"): readonly DBusValue[] {
  return [
    property("Description", "s", `Runtime-class manager: ${argv[0] ?? ""}`),
    property("Type", "s", type),
    property("CollectMode", "s", "inactive-or-failed"),
    property("ExecStart", "a(sasb)", [[argv[0] ?? "", argv, false]]),
  ];
}

function property(name: string, signature: string, value: DBusValue): DBusValue {
  return [name, new Variant(signature, value)];
}

function micro(ms: number): bigint {
  return BigInt(Math.round(ms * 1000));
}

/** `ExecStart` is a list of (path, argv, …). */
function commandOf(execStart: DBusValue | undefined): readonly string[] {
  const [first] = Array.isArray(execStart) ? (execStart as readonly DBusValue[]) : [];
  const argv = Array.isArray(first) ? (first as readonly DBusValue[])[1] : undefined;
  return Array.isArray(argv) ? (argv as readonly DBusValue[]).map(String) : [];
}

/** Containerd takes `--config FILE`, `--config=FILE` and `-c FILE`. */
function configArgument(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === "--config" || word === "-c");
  return at >= 0 ? argv[at + 1] : argv.find((word) => word.startsWith("--config="))?.slice("--config=".length);
}

/** A unit that is not there is not an error; anything else is. */
function missing<T>(error: unknown, value: T): T {
  if (error instanceof SystemdError && error.code === "REFUSED") return value;
  throw error;
}

async function readText(path: string): Promise<string> {
  return (await readFile(path)).subarray(0, OUTPUT_MAX_BYTES).toString("utf8");
}

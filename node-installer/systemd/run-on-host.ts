import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import type { DBusConnection } from "./dbus-connection.ts";
import { Variant } from "./dbus-value.ts";
import { SystemdError } from "./systemd-error.ts";
import { COLLECT, serviceProperty, startTransient } from "./transient-unit.ts";
import { stopUnit } from "./unit-job.ts";

export interface HostCommand {
  /** The program, by its absolute path on the host, and its arguments. */
  readonly argv: readonly string[];
  /** After so many milliseconds it is killed: by us, or by systemd 10 s later if we do not live any more. */
  readonly timeoutMs: number;
  /** A folder that both see: its path on the host, and its path here. Made if it is missing, but not its parents. */
  readonly folder: { readonly hostPath: string; readonly ownPath: string };
  /**
   * Limit in bytes on each of its two outputs, and on each file that it writes: the kernel ends it beyond that with
   * SIGXFSZ (exit code 153). `OUTPUT_MAX_BYTES` if not given.
   */
  readonly maxOutputBytes?: number;
}

export interface HostOutput {
  /** That of the command; 128 + n if signal n ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const OUTPUT_MAX_BYTES = 8 * 1024 * 1024;

/** Until systemd itself kills a command that we should have killed. */
const GRACE_MS = 10_000;

const STOP = { timeoutMs: 15_000 };

// Redirected by the shell, for `StandardOutput=file:` of a transient unit needs a newer systemd; the exit code goes
// into a file, for a unit that has ended is forgotten before we could ask.
const SCRIPT =
  'cd /; D="$1"; shift; "$@" >"$D/stdout" 2>"$D/stderr"; echo $? >"$D/code.part" && mv "$D/code.part" "$D/code"';

/**
 * Runs a command on the host, outside of any container, as a service of its own, and waits for its end.
 *
 * @throws {SystemdError} `TIMEOUT` if it took too long and was killed, `NO_EXIT_CODE` if it ended otherwise without
 *   leaving one, and all of `startTransient`.
 */
export async function runOnHost(bus: DBusConnection, command: HostCommand, signal: AbortSignal): Promise<HostOutput> {
  const name = `rcm-run-${randomUUID()}`;
  const ownPath = join(command.folder.ownPath, name);
  await mkdir(command.folder.ownPath, { mode: 0o700 }).catch(unlessThere);
  await mkdir(ownPath, { mode: 0o700 });
  try {
    const jobResult = await runService(bus, `${name}.service`, command, signal);
    return await readOutput(ownPath, { command, jobResult });
  } finally {
    await rm(ownPath, { recursive: true, force: true });
  }
}

function unlessThere(error: unknown): void {
  if (!hasCode(error, "EEXIST")) throw error;
}

async function runService(
  bus: DBusConnection,
  unit: string,
  command: HostCommand,
  signal: AbortSignal,
): Promise<string> {
  const { argv, timeoutMs, folder, maxOutputBytes = OUTPUT_MAX_BYTES } = command;
  requireAbsolute(argv);
  const hostPath = join(folder.hostPath, unit.replace(/\.service$/, ""));
  const properties = serviceProperty({
    description: `runtime-class-manager: ${argv[0]}`,
    argv: ["/bin/sh", "-c", SCRIPT, "sh", hostPath, ...argv],
    type: "oneshot",
    properties: [
      COLLECT,
      ["TimeoutStartUSec", new Variant("t", BigInt(timeoutMs + GRACE_MS) * 1000n)],
      ["LimitFSIZE", new Variant("t", BigInt(maxOutputBytes))],
    ],
  });
  try {
    return await startTransient(bus, { unit: { name: unit, properties } }, { timeoutMs }, signal);
  } catch (error) {
    await stopUnit(bus, unit, STOP, AbortSignal.timeout(STOP.timeoutMs)).catch(() => undefined);
    if (!(error instanceof SystemdError) || error.code !== "TIMEOUT") throw error;
    const message = `Cannot run "${argv[0]}" on the host: it did not end within ${timeoutMs} ms and was killed`;
    throw new SystemdError("TIMEOUT", message, { cause: error });
  }
}

function requireAbsolute([program = ""]: readonly string[]): void {
  if (program.startsWith("/")) return;
  throw new SystemdError("INVALID_ARGUMENT", `Cannot run "${program}" on the host: it is no absolute path`);
}

async function readOutput(
  folder: string,
  { command, jobResult }: { readonly command: HostCommand; readonly jobResult: string },
): Promise<HostOutput> {
  const max = command.maxOutputBytes ?? OUTPUT_MAX_BYTES;
  const code = await readCode(join(folder, "code"));
  if (code === undefined) throw noExitCode(command, jobResult);
  const [stdout, stderr] = await Promise.all([
    readCapped(join(folder, "stdout"), max),
    readCapped(join(folder, "stderr"), max),
  ]);
  return { exitCode: code, stdout, stderr };
}

function noExitCode({ argv }: HostCommand, jobResult: string): SystemdError {
  const problem = `it left no exit code, and its job's result is "${jobResult}"`;
  return new SystemdError("NO_EXIT_CODE", `Cannot run "${argv[0]}" on the host: ${problem}`);
}

async function readCode(path: string): Promise<number | undefined> {
  try {
    const text = await readFile(path, "latin1");
    return /^\d{1,3}\n$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

async function readCapped(path: string, max: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.min(size, max)), position: 0 });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

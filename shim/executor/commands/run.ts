import { parseArgs } from "node:util";
import { messageOf } from "@rcm/lib/errors";
import type { Instance, Linked } from "../component/host-interface.ts";
import { ComponentExit } from "../host/errors.ts";
import type { InputStream } from "../host/io/input-stream.ts";
import { IoError } from "../host/io/io-error.ts";
import { ReadableInputStream } from "../host/io/readable-input-stream.ts";
import { isOk } from "../host/results.ts";
import type { HostServices } from "../host/services.ts";
import { HostState } from "../host/state.ts";
import { ServeError } from "../server/errors.ts";
import { PodLog } from "../server/pod-log.ts";
import type { CommandIo } from "./command-io.ts";
import { GUEST_FLAGS, type GuestOptions, guestOptionsFrom } from "./guest-options.ts";
import { createPlainServices } from "./host-services.ts";
import { hasExport, loadComponent } from "./load-component.ts";

const ENTRY = { interface: "wasi:cli/run", name: "run" } as const;
/** As shells count a program that ended by a signal. */
const STOPPED_EXIT_CODE = 143;
/** As runwasi counts a guest that trapped. */
const TRAP_EXIT_CODE = 137;

export interface RunOptions {
  readonly guest: GuestOptions;
  readonly arguments: readonly string[];
}

/**
 * Flags up to the file are the executor's; what follows the file is the guest's.
 *
 * @throws {ServeError} `USAGE`
 */
export function parseRun(args: readonly string[], environment: CommandIo["environment"]): RunOptions {
  const { tokens } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: false,
    options: GUEST_FLAGS,
    tokens: true,
  });
  const file = tokens.find(({ kind }) => kind === "positional");
  const own = file === undefined ? args : args.slice(0, file.index);
  const { values } = parseArgs({ args: [...own], options: GUEST_FLAGS });
  const rest = file === undefined ? [] : args.slice(file.index);
  return { guest: guestOptionsFrom(rest[0], values, environment), arguments: rest };
}

/** Runs the component's command. Returns its exit code. */
export async function run(options: RunOptions, io: CommandIo, signal: AbortSignal): Promise<number> {
  const linked = loadComponent(options.guest);
  if (!isCommand(linked)) {
    throw new ServeError("NO_ENTRY", `Cannot run "${options.guest.file}": it does not export ${ENTRY.interface}`);
  }
  return runLinked(linked, options, io, signal);
}

/** Whether the component can be run. */
export function isCommand(linked: Linked<HostState>): boolean {
  return hasExport(linked, ENTRY);
}

/** As {@link run}, with a component that is loaded. */
export async function runLinked(
  linked: Linked<HostState>,
  options: RunOptions,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  using services = createPlainServices({ ...options, io, stdin: stdinOf(io) });
  io.ready?.();
  return await runWith({ linked, services, io }, signal);
}

/** The program's input, for one guest. */
export function stdinOf(io: CommandIo): () => InputStream {
  return () => new ReadableInputStream(io.stdin, (error) => new IoError(error?.message ?? "The input was cut off"));
}

export interface CommandRun {
  readonly linked: Linked<HostState>;
  readonly services: HostServices;
  readonly io: CommandIo;
}

/** Runs the component's command once. Returns its exit code. */
export async function runWith({ linked, services, io }: CommandRun, signal: AbortSignal): Promise<number> {
  const log = new PodLog((line) => io.stderr.write(line));
  const state = new HostState(services, { deadlineMs: Number.POSITIVE_INFINITY, computeMs: Number.POSITIVE_INFINITY });
  function stop(): void {
    state.end(new ComponentExit(STOPPED_EXIT_CODE));
  }
  signal.addEventListener("abort", stop, { once: true });
  let instance: Instance<HostState> | undefined = undefined;
  try {
    instance = linked.instantiate(state);
    return isOk(await instance.func(ENTRY.interface, ENTRY.name)?.call()) ? 0 : 1;
  } catch (error) {
    if (error instanceof ComponentExit) return error.exitCode;
    log.error("Run failed", { reason: messageOf(error) });
    return TRAP_EXIT_CODE;
  } finally {
    signal.removeEventListener("abort", stop);
    instance?.dispose();
    state.dispose();
    io.stdin.destroy(); // Else an open terminal or pipe keeps the program.
  }
}

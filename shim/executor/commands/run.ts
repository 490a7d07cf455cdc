import { parseArgs } from "node:util";
import { messageOf } from "@rcm/lib/errors";
import type { Instance } from "../component/host-interface.ts";
import { ComponentExit } from "../host/errors.ts";
import { IoError } from "../host/io/io-error.ts";
import { ReadableInputStream } from "../host/io/readable-input-stream.ts";
import { HostState } from "../host/state.ts";
import { ServeError } from "../server/errors.ts";
import { PodLog } from "../server/pod-log.ts";
import type { CommandIo } from "./command-io.ts";
import { GUEST_FLAGS, type GuestOptions, guestOptionsFrom } from "./guest-options.ts";
import { createServices } from "./host-services.ts";
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
  const log = new PodLog((line) => io.stderr.write(line));
  const linked = loadComponent(options.guest);
  if (!hasExport(linked, ENTRY)) {
    throw new ServeError("NO_ENTRY", `Cannot run "${options.guest.file}": it does not export ${ENTRY.interface}`);
  }
  using services = createServices({
    guest: options.guest,
    arguments: options.arguments,
    io,
    stdin: () => new ReadableInputStream(io.stdin, (error) => new IoError(error?.message ?? "The input was cut off")),
  });
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

function isOk(result: unknown): boolean {
  return typeof result === "object" && result !== null && "tag" in result && result.tag === "ok";
}

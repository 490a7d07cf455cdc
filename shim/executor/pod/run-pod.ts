import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GUEST_ROOT } from "../../spec/executor-layout.ts";
import type { GuestDocument } from "../../spec/guest-document.ts";
import { type AppOptions, retainedFrom } from "../commands/app-options.ts";
import type { CommandIo } from "../commands/command-io.ts";
import { type GuestOptions, guestOptionsFrom, memoryPagesFrom } from "../commands/guest-options.ts";
import { type PreparedPaths, loadComponent } from "../commands/load-component.ts";
import { isCommand, runLinked } from "../commands/run.ts";
import { EVERYWHERE, isServable, serveLinked } from "../commands/serve.ts";
import { CERTIFICATES } from "../commands/trusted-certificates.ts";
import { ServeError } from "../server/errors.ts";
import { DEFAULT_LIMITS } from "../server/limits.ts";
import { listenAddressFrom } from "../server/listen-address.ts";
import { PodLog } from "../server/pod-log.ts";
import type { AppSource } from "../spin/load/open-app.ts";
import { type PodPlaces, podProgram } from "./pod-program.ts";
import { podVolumes } from "./pod-volumes.ts";

const MOUNTS = "/proc/self/mountinfo";

/** What is loaded and ready to run. Returns the exit code. */
type Run = () => Promise<number>;

/** Where the shim has put things. */
export interface PodFiles extends Omit<PodPlaces, "root"> {
  /** What was prepared of the components, if anything. */
  readonly found: PreparedPaths;
}

/**
 * Loads what a container runs, with the environment and the volumes that the pod has.
 *
 * @throws {ServeError}, {SpinError}, {ComponentError}, {VariableError}, {SpecError} if it cannot be run.
 */
export async function loadPod(
  guest: GuestDocument,
  places: PodFiles,
  io: CommandIo,
  signal: AbortSignal,
): Promise<Run> {
  const given = { args: guest.args, variables: variablesOf(guest.env) };
  const program = podProgram(guest, given.variables, { ...places, root: GUEST_ROOT });
  if (program.kind === "component") {
    const [prepared] = places.found.values(); // It is the only component.
    return loadPlain({ ...guestOptions(program.file, given.variables), prepared }, given, io, signal);
  }
  const options = { ...appOptions(program.source, given, io), found: foundFor(program.source, places.found) };
  const { loadApp, runApp } = await import("../commands/app.ts"); // A component by itself needs nothing of it.
  const loaded = await loadApp(options, io, signal);
  return async () => runApp(loaded, options, io, signal);
}

/** A component that becomes an application is the only one. */
function foundFor(source: AppSource, found: PreparedPaths): PreparedPaths {
  if (source.kind !== "component") return found;
  return new Map([...found.values()].map((path) => [`file ${source.path}`, path]));
}

interface Given {
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * A component by itself gets the arguments and variables that the pod has, the image's files with the volumes as `/`,
 * and the pod's network. It is served if it can answer requests, else run as a command.
 */
function loadPlain(options: GuestOptions, { args, variables }: Given, io: CommandIo, signal: AbortSignal): Run {
  const linked = loadComponent(options);
  const how = { guest: options, arguments: args };
  if (isServable(linked)) {
    const address = listenAddressFrom(variables, EVERYWHERE);
    return async () => serveLinked(linked, { ...how, address, limits: DEFAULT_LIMITS }, io, signal);
  }
  if (isCommand(linked)) return async () => runLinked(linked, how, io, signal);
  throw new ServeError(
    "NO_ENTRY",
    `Cannot run "${options.file}": it exports neither wasi:http/incoming-handler nor wasi:cli/run (0.2)`,
  );
}

function guestOptions(file: string, environment: Readonly<Record<string, string>>): GuestOptions {
  return {
    ...guestOptionsFrom(file, { "allow-network": true }, environment),
    environment: Object.entries(environment),
    folders: [{ hostPath: GUEST_ROOT, guestPath: "/", access: "read-write" }],
    certificates: join(GUEST_ROOT, CERTIFICATES),
  };
}

/** As containerd-shim-spin has it: fixed places in the container, and the pod's variables. */
function appOptions(source: AppSource, { args, variables }: Given, io: CommandIo): AppOptions {
  const { folders, files } = podVolumes(readFileSync(MOUNTS, "utf8"), GUEST_ROOT);
  const log = new PodLog((line) => io.stderr.write(line));
  for (const path of files) {
    log.error("Volume not visible to guests", { path, remedy: "mount a folder: WASI gives guests no single files" });
  }
  return {
    source,
    root: GUEST_ROOT,
    retained: retainedFrom(variables),
    variables: new Map(),
    environment: variables,
    runtimeConfig: join(GUEST_ROOT, "runtime-config.toml"),
    stateDir: join(GUEST_ROOT, ".spin"),
    dotenv: join(GUEST_ROOT, ".env"),
    volumes: folders,
    certificates: join(GUEST_ROOT, CERTIFICATES),
    arguments: args,
    address: listenAddressFrom(variables, EVERYWHERE),
    limits: DEFAULT_LIMITS,
    cache: undefined,
    maxMemoryPages: memoryPagesFrom(undefined, variables),
  };
}

/** Of a variable that is there twice the last counts, as with Linux's programs that containerd starts. */
function variablesOf(env: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    env.flatMap((entry): [string, string][] => {
      const equals = entry.indexOf("=");
      return equals > 0 ? [[entry.slice(0, equals), entry.slice(equals + 1)]] : [];
    }),
  );
}

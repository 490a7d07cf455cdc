import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_LIMITS } from "../server/limits.ts";
import { listenAddressFrom, parseListenAddress } from "../server/listen-address.ts";
import { findApp } from "../spin/load/open-app.ts";
import { type AppOptions, retainedFrom } from "./app-options.ts";
import type { CommandIo } from "./command-io.ts";
import { memoryPagesFrom, parseVariable } from "./guest-options.ts";
import { LIMIT_FLAGS, limitsFrom } from "./limit-flags.ts";
import { loadApp } from "./load-app.ts";
import { runApp } from "./run-app.ts";
import { EVERYWHERE, LOCAL, LOCAL_LIMITS } from "./serve.ts";

const FLAGS = {
  ...LIMIT_FLAGS,
  listen: { type: "string" },
  pod: { type: "boolean" },
  component: { type: "string", multiple: true },
  variable: { type: "string", multiple: true },
  "state-dir": { type: "string" },
  "runtime-config": { type: "string" },
  certificates: { type: "string" },
  cache: { type: "string" },
  adapters: { type: "string" },
  "max-memory-bytes": { type: "string" },
} as const;

/**
 * Flags up to the application are the executor's; what follows it is a command's.
 *
 * @throws {ServeError} `USAGE`, {@link SpinError} if there is no application.
 */
export function parseUp(args: readonly string[], environment: CommandIo["environment"]): AppOptions {
  const { tokens } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: false,
    options: FLAGS,
    tokens: true,
  });
  const place = tokens.find(({ kind }) => kind === "positional");
  const own = place === undefined ? args : args.slice(0, place.index);
  const [path = ".", ...rest] = place === undefined ? [] : args.slice(place.index);
  const { values } = parseArgs({ args: [...own], options: FLAGS });
  const source = findApp(path);
  const folder = dirname(source.path);
  const [fallback, limits] = values.pod === true ? [EVERYWHERE, DEFAULT_LIMITS] : [LOCAL, LOCAL_LIMITS];
  return {
    source,
    root: "/",
    retained: values.component ?? retainedFrom(environment),
    variables: new Map((values.variable ?? []).map((text) => parseVariable("--variable", text))),
    environment,
    runtimeConfig: values["runtime-config"],
    stateDir: values["state-dir"] ?? join(folder, ".spin"),
    dotenv: join(folder, ".env"),
    volumes: [],
    certificates: values.certificates,
    arguments: rest,
    address:
      values.listen === undefined
        ? listenAddressFrom(environment, fallback)
        : parseListenAddress(values.listen, "--listen"),
    limits: limitsFrom(values, limits),
    cache: values.cache,
    adapters: values.adapters,
    maxMemoryPages: memoryPagesFrom(values["max-memory-bytes"], environment),
  };
}

/** Runs the application until `signal` aborts. Returns the exit code. */
export async function up(options: AppOptions, io: CommandIo, signal: AbortSignal): Promise<number> {
  return runApp(await loadApp(options, io, signal), options, io, signal);
}

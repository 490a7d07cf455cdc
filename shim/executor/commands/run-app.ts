import type { ServerLimits } from "../server/limits.ts";
import { PodLog } from "../server/pod-log.ts";
import { QuietTimers } from "../server/quiet-timers.ts";
import { becomeSmall, serveUntil } from "../server/serve-until.ts";
import { Visits } from "../server/visits.ts";
import { SpinError } from "../spin/errors.ts";
import { Chain } from "../spin/trigger/chain.ts";
import { createHttpTrigger } from "../spin/trigger/http-trigger.ts";
import type { AppOptions } from "./app-options.ts";
import type { CommandIo } from "./command-io.ts";
import type { LoadedApp } from "./load-app.ts";
import { isCommand, runWith } from "./run.ts";

/**
 * Runs the triggers of an application until `signal` aborts, or one of them ends. Returns the exit code.
 *
 * @throws {SpinError}, {ServeError}
 */
export async function runApp(
  loaded: LoadedApp,
  options: Pick<AppOptions, "address" | "limits">,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  using _ = loaded;
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const work: Promise<number>[] = [];
  const { http, redis } = loaded.triggers;
  if (http.length > 0) work.push(serveApp(loaded, options, io, either));
  if (redis.length > 0) work.push(listenFor(loaded, options.limits, io, either));
  if (http.length + redis.length === 0) io.ready?.();
  if (loaded.triggers.command !== undefined) work.push(runCommand(loaded, loaded.triggers.command, io, either));
  try {
    return await Promise.race(work);
  } finally {
    ended.abort();
    await Promise.allSettled(work);
  }
}

async function serveApp(
  { app, triggers, components, inside, needsOneThread }: LoadedApp,
  { address, limits }: Pick<AppOptions, "address" | "limits">,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const log = new PodLog((line) => io.stderr.write(line));
  const visits = new Visits(limits, (what) => {
    becomeSmall(pools, what, log);
  });
  const chain = new Chain(visits, limits.maxConcurrent);
  const { requests, pools, routes } = createHttpTrigger({
    app,
    triggers: triggers.http,
    components,
    visits,
    chain,
    limits,
    log,
  });
  inside.requests = requests;
  const reset = Object.fromEntries(
    [...components].map(([id, { linked }]) => [id, linked.reset.kind === "allowed" ? "allowed" : linked.reset.reason]),
  );
  const fields = { application: app.name, routes, reset };
  const threads = needsOneThread ? { ...limits, maxThreads: 1 } : limits;
  await serveUntil({ requests, address, limits: threads, log, fields, host: io }, signal);
  for (const pool of pools) pool.shrink(0);
  return 0;
}

async function listenFor(
  { triggers, components }: LoadedApp,
  limits: ServerLimits,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const { RedisTrigger } = await import("../spin/trigger/redis-trigger.ts");
  const log = new PodLog((line) => io.stderr.write(line));
  const timers = new QuietTimers((what) => {
    becomeSmall(trigger.pools, what, log);
  });
  const trigger = new RedisTrigger({
    triggers: triggers.redis,
    components,
    limits,
    log,
    onIdle: () => {
      timers.restart();
    },
  });
  await trigger.run(() => {
    if (triggers.http.length === 0) io.ready?.();
  }, signal);
  for (const pool of trigger.pools) pool.shrink(0);
  return 0;
}

async function runCommand({ components }: LoadedApp, id: string, io: CommandIo, signal: AbortSignal): Promise<number> {
  const component = components.get(id);
  if (component === undefined || !isCommand(component.linked)) {
    throw new SpinError(
      "INVALID",
      `Cannot run the component "${id}" as a command: it does not export wasi:cli/run (0.2)`,
    );
  }
  return runWith({ ...component, io }, signal);
}

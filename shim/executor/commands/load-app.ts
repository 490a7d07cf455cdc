import type { InputStream } from "../host/io/input-stream.ts";
import { PodLog } from "../server/pod-log.ts";
import type { LockedApp, LockedComponent } from "../spin/app/locked-app.ts";
import { retainComponents } from "../spin/app/retain-components.ts";
import { openApp } from "../spin/load/open-app.ts";
import { parseBlockedNetworks } from "../spin/outbound/blocked-networks.ts";
import type { RuntimeConfig } from "../spin/runtime-config/runtime-config.ts";
import { type AppTriggers, readTriggers } from "../spin/trigger/app-triggers.ts";
import { Inside } from "../spin/trigger/inside.ts";
import type { RedisTriggerConfig } from "../spin/trigger/redis-trigger-config.ts";
import type { VariableResolver } from "../spin/variables/variable-resolver.ts";
import { createResolver, readRuntimeConfig } from "./app-config.ts";
import type { AppOptions } from "./app-options.ts";
import { createAppStores, hasRemoteStores } from "./app-stores.ts";
import type { CommandIo } from "./command-io.ts";
import { ComponentLoader, type LoadedComponent } from "./component-loader.ts";
import { createStdio } from "./host-services.ts";
import type { PreparingOptions } from "./load-component.ts";
import { Outside } from "./outside.ts";
import { stdinOf } from "./run.ts";
import { trustLater } from "./trusted-certificates.ts";

const PAGE_BYTES = 65_536;

/** An application that is ready to run. */
export interface LoadedApp extends Disposable {
  readonly app: LockedApp;
  readonly triggers: AppTriggers;
  /** By their ids: those that a trigger needs, and no others. */
  readonly components: ReadonlyMap<string, LoadedComponent>;
  readonly inside: Inside;
  /** Whether something counts what all guests do, or holds what they all use: then one thread runs them. */
  readonly needsOneThread: boolean;
}

/**
 * Reads and prepares an application: all that can be wrong with it is found here.
 *
 * @param signal - the program stops.
 * @throws {SpinError}, {ComponentError}, {VariableError}, {ServeError}
 */
export async function loadApp(options: AppOptions, io: CommandIo, signal: AbortSignal): Promise<LoadedApp> {
  using stack = new DisposableStack();
  const log = new PodLog((line) => io.stderr.write(line));
  const files = stack.use(await openApp(options.source, options.root));
  const app = options.retained === undefined ? files.app : retainComponents(files.app, options.retained);
  const read = readTriggers(app);
  const used = usedComponents(app, read);
  const config = await readRuntimeConfig(options, log);
  const trust = trustLater(options.certificates, log);
  if (hasRemoteStores(config)) trust();
  const resolver = createResolver(app, config, options, signal);
  await resolver.checkRequired();
  const triggers = {
    ...read,
    redis: await Promise.all(read.redis.map(async (one) => withoutTemplates(one, resolver))),
  };
  if (triggers.redis.some(({ address }) => address.toLowerCase().startsWith("rediss:"))) trust();
  const blocked = parseBlockedNetworks(config.blockNetworks);
  const stores = stack.use(createAppStores({ ...options, components: used, config, log }));
  const outside = stack.use(new Outside(config, options.root, trust));
  const inside = new Inside();
  const loader = new ComponentLoader({
    files,
    resolver,
    stores,
    blocked,
    inside,
    outside,
    volumes: options.volumes,
    stdio: createStdio(io, stdinFor(triggers, io)),
    preparing: preparingOptions(options, config),
    trust,
    log,
  });
  const components = new Map<string, LoadedComponent>();
  for (const component of used) {
    const args = component.id === triggers.command ? [component.id, ...options.arguments] : [];
    const loaded = await loader.load(component, args);
    stack.use(loaded.services);
    components.set(component.id, loaded);
  }
  const needsOneThread = outside.isCounted || triggers.redis.length > 0 || hasStores(app);
  const kept = stack.move();
  return { app, triggers, components, inside, needsOneThread, [Symbol.dispose]: () => kept.dispose() };
}

/** One thread has a store's file open, and what is in memory only; and one gets each message of Redis. */
function hasStores({ components }: LockedApp): boolean {
  return components.some(({ keyValueStores, sqliteDatabases }) => keyValueStores.length + sqliteDatabases.length > 0);
}

function usedComponents({ components }: LockedApp, { http, redis, command }: AppTriggers): readonly LockedComponent[] {
  const ids = new Set([
    ...http.flatMap(({ target }) => (target.kind === "component" ? [target.id] : [])),
    ...redis.map(({ component }) => component),
    ...(command === undefined ? [] : [command]),
  ]);
  return components.filter(({ id }) => ids.has(id));
}

/** Only a command has something to read. */
function stdinFor({ command, http, redis }: AppTriggers, io: CommandIo): (() => InputStream) | undefined {
  return command !== undefined && http.length + redis.length === 0 ? stdinOf(io) : undefined;
}

async function withoutTemplates(trigger: RedisTriggerConfig, resolver: VariableResolver): Promise<RedisTriggerConfig> {
  const owner = `the redis trigger "${trigger.id}"`;
  return {
    ...trigger,
    address: await resolver.resolveText(trigger.address, `the address of ${owner}`),
    channel: await resolver.resolveText(trigger.channel, `the channel of ${owner}`),
  };
}

function preparingOptions(options: AppOptions, { maxInstanceMemory }: RuntimeConfig): PreparingOptions {
  const { cache, adapters } = options;
  const configured =
    maxInstanceMemory === undefined ? undefined : Math.max(1, Math.floor(maxInstanceMemory / PAGE_BYTES));
  const maxMemoryPages = options.maxMemoryPages ?? configured;
  // What others prepared has the limit that they knew.
  const found = maxMemoryPages === options.maxMemoryPages ? options.found : undefined;
  return { cache, adapters, maxMemoryPages, found };
}

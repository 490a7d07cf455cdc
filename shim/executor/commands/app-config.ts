import { accessSync, constants, mkdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { messageOf } from "@rcm/lib/errors";
import type { PodLog } from "../server/pod-log.ts";
import type { LockedApp } from "../spin/app/locked-app.ts";
import { DEFAULT_RUNTIME_CONFIG, parseRuntimeConfig } from "../spin/runtime-config/parse-runtime-config.ts";
import type { RuntimeConfig, VariablesProviderConfig } from "../spin/runtime-config/runtime-config.ts";
import { unsupportedBackend } from "../spin/runtime-config/unsupported.ts";
import { EnvProvider, type Environment, withPlainVariables } from "../spin/variables/env-provider.ts";
import { StaticProvider } from "../spin/variables/static-provider.ts";
import type { VariableProvider } from "../spin/variables/variable-provider.ts";
import { VariableResolver } from "../spin/variables/variable-resolver.ts";
import { VaultProvider } from "../spin/variables/vault-provider.ts";
import type { AppOptions } from "./app-options.ts";
import { inRoot } from "./in-root.ts";

/** @throws {SpinError} if the file is there and is none. */
export async function readRuntimeConfig(
  { runtimeConfig: path }: Pick<AppOptions, "runtimeConfig">,
  log: PodLog,
): Promise<RuntimeConfig> {
  const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  if (path === undefined || stats === undefined) return DEFAULT_RUNTIME_CONFIG;
  if (stats.isDirectory()) {
    // What kubelet makes where an optional Secret is to be mounted that is not there.
    log.info("Runtime configuration is a folder and counts as absent", { path });
    return DEFAULT_RUNTIME_CONFIG;
  }
  return parseRuntimeConfig(readFileSync(path, "utf8"));
}

/** @throws {SpinError} for providers that this executor does not have. */
export function createResolver(
  { variables }: LockedApp,
  config: RuntimeConfig,
  options: AppOptions,
  signal: AbortSignal,
): VariableResolver {
  const { environment } = options;
  const dotenv = readDotenv(options.dotenv);
  const last = new EnvProvider({ environment: withPlainVariables(environment, variables.keys()), dotenv });
  const configured = config.variablesProviders.map((provider) => providerOf(provider, options));
  const providers = [new StaticProvider(options.variables), ...configured, last];
  return new VariableResolver({ variables, providers, signal });
}

function providerOf(config: VariablesProviderConfig, { environment, root }: AppOptions): VariableProvider {
  switch (config.kind) {
    case "env": {
      const { prefix, dotenvPath } = config;
      const dotenv = readDotenv(dotenvPath === undefined ? undefined : inRoot(root, dotenvPath));
      return new EnvProvider({ environment, prefix, dotenv });
    }
    case "static":
      return new StaticProvider(config.values);
    case "vault":
      return new VaultProvider(config);
    case "unsupported":
      throw unsupportedBackend(config, "the application", "env, static or vault");
    default:
      return config satisfies never;
  }
}

function readDotenv(path: string | undefined): Environment {
  if (path === undefined || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return {};
  return parseEnv(readFileSync(path, "utf8"));
}

/**
 * The folder for the state of stores, made if it is not there. In a container whose image can only be read, and without
 * a volume at its place, it is in the scratch folder: there it lasts as long as in the image.
 */
export function openStateDir(path: string, log: PodLog): string {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const instead = join(tmpdir(), "spin-state");
    mkdirSync(instead, { recursive: true });
    log.info("State is kept in memory", { path, instead, reason: error, remedy: "mount a volume there" });
    return instead;
  }
  tellIfReadOnly(path, log);
  return path;
}

/** Each use of a store fails then, and only the guest would know why. */
function tellIfReadOnly(path: string, log: PodLog): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    log.error("State cannot be kept", { path, reason: messageOf(error), remedy: "let the pod's user write there" });
  }
}

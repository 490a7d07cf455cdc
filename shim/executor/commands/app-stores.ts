import type { PodLog } from "../server/pod-log.ts";
import type { LockedComponent } from "../spin/app/locked-app.ts";
import { SpinError } from "../spin/errors.ts";
import type { RuntimeConfig, UnsupportedConfig } from "../spin/runtime-config/runtime-config.ts";
import { unsupportedBackend } from "../spin/runtime-config/unsupported.ts";
import {
  type DatabaseSettings,
  type KeyValueSettings,
  type Stores,
  createStores,
} from "../spin/stores/create-stores.ts";
import { openStateDir } from "./app-config.ts";
import { inRoot } from "./in-root.ts";

export interface AppStoresOptions {
  /** Those that run. */
  readonly components: readonly LockedComponent[];
  readonly config: RuntimeConfig;
  readonly root: string;
  readonly stateDir: string;
  readonly log: PodLog;
}

const DEFAULT = "default";
const KINDS = { key_value_store: "spin or redis", sqlite_database: "spin or libsql" } as const;

/**
 * The stores and databases that components use. Those that are only configured do not matter.
 *
 * @throws {SpinError} `MISSING` for labels that nobody has configured, `UNSUPPORTED` for kinds that this executor lacks.
 */
export function createAppStores({ components, config, root, ...options }: AppStoresOptions): Stores {
  const keyValueStores = new Map<string, KeyValueSettings>();
  const databases = new Map<string, DatabaseSettings>();
  for (const component of components) {
    for (const label of component.keyValueStores) {
      const settings = settingsOf("key_value_store", { label, component }, config.keyValueStores);
      if (settings !== undefined) keyValueStores.set(label, inPlace(root, settings));
    }
    for (const label of component.sqliteDatabases) {
      const settings = settingsOf("sqlite_database", { label, component }, config.sqliteDatabases);
      if (settings !== undefined) databases.set(label, inPlace(root, settings));
    }
  }
  const isUsed = components.some((component) => component.keyValueStores.length + component.sqliteDatabases.length > 0);
  const stateDir = config.stateDir === undefined ? options.stateDir : inRoot(root, config.stateDir);
  return createStores({ keyValueStores, databases }, isUsed ? openStateDir(stateDir, options.log) : undefined);
}

/** `undefined`: the default of the label `default`. */
function settingsOf<Settings extends { readonly kind: string }>(
  section: keyof typeof KINDS,
  { label, component }: { readonly label: string; readonly component: LockedComponent },
  configured: ReadonlyMap<string, Settings | UnsupportedConfig>,
): Settings | undefined {
  const settings = configured.get(label);
  const user = `component "${component.id}"`;
  if (settings !== undefined) {
    if (isUnsupported(settings)) throw unsupportedBackend(settings, user, KINDS[section]);
    return settings;
  }
  if (label === DEFAULT) return undefined;
  throw new SpinError(
    "MISSING",
    `Cannot run ${user}: it uses "${label}", which is not configured: add [${section}.${label}] to the runtime configuration`,
  );
}

function isUnsupported(settings: { readonly kind: string }): settings is UnsupportedConfig {
  return settings.kind === "unsupported";
}

/** A file of the pod is elsewhere for this process. */
function inPlace<Settings extends KeyValueSettings | DatabaseSettings>(root: string, settings: Settings): Settings {
  if (settings.kind !== "spin" || settings.path === undefined) return settings;
  return { ...settings, path: inRoot(root, settings.path) };
}

/** Whether anything is on other machines. */
export function hasRemoteStores({ keyValueStores, sqliteDatabases, variablesProviders }: RuntimeConfig): boolean {
  return [...keyValueStores.values(), ...sqliteDatabases.values(), ...variablesProviders].some(({ kind }) =>
    ["redis", "libsql", "vault"].includes(kind),
  );
}

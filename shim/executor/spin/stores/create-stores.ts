import { join, resolve } from "node:path";
import type { KeyValueStore, SqlDatabase } from "../../host/spin-services.ts";
import { LibsqlDatabase } from "./libsql-database.ts";
import { RedisKeyValue } from "./redis-key-value.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import { SqliteKeyValue, keyValueFile } from "./sqlite-key-value.ts";

interface FileSettings {
  readonly kind: "spin";
  /** Of the SQLite file; `undefined`: in memory. */
  readonly path: string | undefined;
}

export type KeyValueSettings = FileSettings | { readonly kind: "redis"; readonly url: string };

export type DatabaseSettings = FileSettings | { readonly kind: "libsql"; readonly url: string; readonly token: string };

export interface StoresSettings {
  /** By label. */
  readonly keyValueStores: ReadonlyMap<string, KeyValueSettings>;
  /** By label. */
  readonly databases: ReadonlyMap<string, DatabaseSettings>;
}

/** The stores and databases of an application, by label, whoever of its components may use them. */
export interface Stores extends Disposable {
  readonly keyValueStores: ReadonlyMap<string, KeyValueStore>;
  readonly databases: ReadonlyMap<string, SqlDatabase>;
}

const DEFAULT = "default";
const KEY_VALUE_FILE = "sqlite_key_value.db";
const DATABASE_FILE = "sqlite_db.db";

/**
 * Nothing is opened or connected yet: that happens at the first use. What is not configured under the label `default` is
 * a file in `stateDir`, as in Spin.
 *
 * @param stateDir - relative paths of settings are resolved against `process.cwd()`, not this one; `undefined`: the
 *   defaults are in memory.
 */
export function createStores({ keyValueStores, databases }: StoresSettings, stateDir: string | undefined): Stores {
  const closers: Disposable[] = [];
  const files = new Map<string, SqliteFile>();

  function fileOf(path: string | undefined): SqliteFile {
    const known = path === undefined ? undefined : files.get(path);
    if (known !== undefined) return known;
    const file = keyValueFile(path);
    if (path !== undefined) files.set(path, file);
    closers.push(file);
    return file;
  }

  function keyValueOf(label: string, settings: KeyValueSettings): KeyValueStore {
    if (settings.kind === "spin") return new SqliteKeyValue(fileOf(absolute(settings.path)), label);
    const store = new RedisKeyValue(label, settings.url);
    closers.push(store);
    return store;
  }

  function databaseOf(label: string, settings: DatabaseSettings): SqlDatabase {
    if (settings.kind === "libsql") return new LibsqlDatabase({ label, url: settings.url, token: settings.token });
    const database = new SqliteDatabase({ label, path: absolute(settings.path) });
    closers.push(database);
    return database;
  }

  return {
    keyValueStores: mapValues(
      new Map<string, KeyValueSettings>([[DEFAULT, fileIn(stateDir, KEY_VALUE_FILE)], ...keyValueStores]),
      keyValueOf,
    ),
    databases: mapValues(
      new Map<string, DatabaseSettings>([[DEFAULT, fileIn(stateDir, DATABASE_FILE)], ...databases]),
      databaseOf,
    ),
    [Symbol.dispose]() {
      for (const closer of closers) closer[Symbol.dispose]();
    },
  };
}

function fileIn(stateDir: string | undefined, name: string): FileSettings {
  return { kind: "spin", path: stateDir === undefined ? undefined : join(stateDir, name) };
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}

function mapValues<From, To>(
  map: ReadonlyMap<string, From>,
  change: (key: string, value: From) => To,
): Map<string, To> {
  return new Map([...map].map(([key, value]) => [key, change(key, value)]));
}

import type { LookupFunction } from "node:net";

/**
 * What a Spin component gets from the host beyond WASI: the contract between the host's interfaces (`host/spin`,
 * `host/keyvalue`, `host/config`) and the stores, databases and variables behind them (`spin/`).
 */
export interface SpinServices {
  readonly variables: VariableSource;
  /** By the label in the component's manifest. `undefined`: the manifest does not grant it. */
  keyValueStore(label: string): KeyValueStore | undefined;
  /** As {@link keyValueStore}. */
  database(label: string): SqlDatabase | undefined;
  /** Whether the manifest lets the component connect there: `redis`, `mysql`, `postgres`, … and the address. */
  mayConnect(scheme: string, address: string): Promise<boolean>;
  /** Looks up the names of hosts that the component connects to, and fails for those that it must not reach. */
  readonly lookup?: LookupFunction;
  /** Called before each connection by TLS that is not of HTTP. */
  beforeTls?(): void;
}

/** The variables of one component, templates resolved. */
export interface VariableSource {
  /** @throws {VariableError} */
  get(name: string, signal: AbortSignal): Promise<string>;
  /** All of the component's. @throws {VariableError} */
  all(signal: AbortSignal): Promise<readonly (readonly [name: string, value: string])[]>;
}

/** Why a variable has no value, in the words of `fermyon:spin/variables`. */
export type VariableFault = "invalid-name" | "undefined" | "provider" | "other";

/**
 * The bytes belong to the caller; the store keeps none of the arrays it is given. `signal` aborts when the guest that asks
 * has ended. What fails does so with a message for the guest.
 */
export interface KeyValueStore {
  get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  set(key: string, value: Uint8Array, signal: AbortSignal): Promise<void>;
  delete(key: string, signal: AbortSignal): Promise<void>;
  exists(key: string, signal: AbortSignal): Promise<boolean>;
  keys(signal: AbortSignal): Promise<readonly string[]>;
  /** Values in the order of the keys. */
  getMany(keys: readonly string[], signal: AbortSignal): Promise<readonly (Uint8Array | undefined)[]>;
  setMany(entries: readonly KeyValueEntry[], signal: AbortSignal): Promise<void>;
  deleteMany(keys: readonly string[], signal: AbortSignal): Promise<void>;
  /** Adds to a number kept in the store; one that is missing is 0. */
  increment(key: string, delta: bigint, signal: AbortSignal): Promise<bigint>;
  /** Does the swap if the key still has the value that is expected; says whether it did. */
  compareAndSwap(swap: KeyValueSwap, signal: AbortSignal): Promise<boolean>;
}

export type KeyValueEntry = readonly [key: string, value: Uint8Array];

export interface KeyValueSwap {
  readonly key: string;
  /** `undefined`: the key is not there. */
  readonly expected: Uint8Array | undefined;
  readonly value: Uint8Array;
}

export type SqlValue = null | bigint | number | string | Uint8Array;

export interface SqlResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface SqlDatabase {
  connect(signal: AbortSignal): Promise<SqlConnection>;
}

/** One guest's connection. Integers are bigint, reals number. Closed when the guest drops it or ends. */
export interface SqlConnection {
  execute(statement: string, parameters: readonly SqlValue[], signal: AbortSignal): Promise<SqlResult>;
  lastInsertRowId(signal: AbortSignal): Promise<bigint>;
  changes(signal: AbortSignal): Promise<bigint>;
  close(): void;
}

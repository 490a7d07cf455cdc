/**
 * The contract between the component core and the host side: how WIT values look in JavaScript, how the host offers
 * functions, and how a linked component is used.
 *
 * | WIT                                | JavaScript                                                                     |
 * | ---------------------------------- | ------------------------------------------------------------------------------ |
 * | bool                               | boolean                                                                        |
 * | s8 .. u32, f32, f64                | number                                                                         |
 * | s64, u64                           | bigint                                                                         |
 * | char, string                       | string                                                                         |
 * | list<u8>                           | Uint8Array: see {@link HostFunction.call}                                      |
 * | list<T>                            | array                                                                          |
 * | tuple                              | array                                                                          |
 * | record                             | object, keys in camelCase                                                      |
 * | variant                            | `{ tag: "kebab-case", val }`, without `val` if the case has no payload         |
 * | enum                               | string, kebab-case                                                             |
 * | flags                              | object of booleans, keys in camelCase; absent is false                         |
 * | option<T>                          | `undefined` or the value; if T is an option too: `{ tag: "none" }` or `{ tag: "some", val }` |
 * | result<T, E>                       | `{ tag: "ok", val }` or `{ tag: "err", val }`, also as the result of a function |
 * | own, borrow of a host's resource   | the host's own object                                                          |
 * | own of a guest's resource          | {@link GuestResource}                                                          |
 */
export type WitValue = undefined | boolean | number | bigint | string | object;

/** A function that the host offers. `State` is what the host keeps for one request; the core only hands it on. */
export interface HostFunction<State> {
  /**
   * An argument of type list<u8> is a view of the guest's memory: it holds until `call` returns or first awaits; what is
   * kept must be copied. A returned Uint8Array (or Buffer) is copied into the guest before anything else runs.
   * A `borrow` argument holds until the returned promise settles.
   * What `call` throws ends the guest: the export call that led here rejects with it, and the instance is used up.
   */
  call(state: State, ...args: readonly WitValue[]): WitValue | Promise<WitValue>;
  /** Whether `call` may return a promise. Then the guest is suspended until it settles, and other guests run. */
  readonly blocking?: true;
}

export type DropTime = "call" | "end";

/** A resource type that the host offers. Its values are the host's objects. */
export interface HostResource<State> {
  /**
   * The guest dropped its last handle (`"call"`), or the instance ended or was reset with the handle still open (`"end"`).
   * What it throws in a call ends the guest; at the end it must not throw, and handles come in no order.
   */
  drop?(rep: object, state: State, at: DropTime): void;
}

/** A WIT interface that the host offers. It serves every import of the same name with a compatible version. */
export interface HostInterface<State> {
  /** Without version, for example `wasi:io/streams`; the empty string for functions that a world imports by plain name. */
  readonly name: string;
  /**
   * For example `0.2.12`. Serves 0.2.0 to 0.2.x, for WASI only adds within 0.2; `2.0.0` serves 2.x.y; a pre-release serves
   * only itself. `undefined`: the name has no version.
   */
  readonly version: string | undefined;
  /** By the name in WIT: `get-environment`, `[method]input-stream.read`, `[static]…`, `[constructor]fields`. */
  readonly functions: Readonly<Record<string, HostFunction<State>>>;
  /** By the name in WIT: `input-stream`. That a handle is dropped needs no function. */
  readonly resources: Readonly<Record<string, HostResource<State>>>;
  /** For an interface that the host knows and does not offer, or not whole: what to do for a component that imports it. */
  readonly advice?: string;
}

/** An own handle of a resource that a guest defined, held by the host. */
export interface GuestResource {
  readonly kind: "guest-resource";
  /** Runs the guest's destructor. Once; later calls do nothing. */
  drop(): void;
}

/** A component with its imports resolved, ready to be instantiated many times. */
export interface Linked<State> {
  /** The exported functions: interface without version ("" for plain functions), and the name in WIT. */
  readonly exports: readonly { readonly interface: string; readonly name: string }[];
  /** Whether instances may be reset. If not, the reason why, for the log. */
  readonly reset: { readonly kind: "allowed" } | { readonly kind: "refused"; readonly reason: string };
  /** A new instance. Host functions called while it starts see `state`. */
  instantiate(state: State): Instance<State>;
}

/** An instance. It serves one call at a time, and after a trap none. */
export interface Instance<State> {
  /** What host functions receive. Set it before the next request; resets leave it. */
  state: State;
  /** The exported function, or `undefined` if there is none. Look up once and keep. */
  func(interfaceName: string, name: string): ExportedFunction | undefined;
  /** Bytes of linear memory now, all memories together. */
  memoryBytes(): number;
  /**
   * Puts the instance back to its first state: memory, globals, handles (those still open are dropped), tables.
   * `false`: it cannot be reset (used up by a trap, busy, grown, or not allowed); take a new one.
   */
  reset(): boolean;
  /** Drops the handles still open. The instance is used up. */
  dispose(): void;
}

/** An exported function of one instance. */
export interface ExportedFunction {
  /**
   * A promise if the component imports any blocking function, else the value. Arguments of `own` and `borrow` of a host's
   * resource are the host's objects. Returned bytes are a copy.
   *
   * @throws {WasmTrap} (or rejects) if the guest trapped; whatever a host function threw.
   */
  call(...args: readonly WitValue[]): WitValue | Promise<WitValue>;
}

export { isKubeError, KubeError, unlessNotFound, type KubeErrorCode } from "./kube-error.ts";

/**
 * The part of the Kubernetes API that we use, over plain JSON objects. `kube-client.ts` is the real one.
 *
 * Every call waits for its turn (client-side rate limit), has a deadline, and throws `KubeError`; when `signal` aborts
 * it throws the signal's reason instead.
 */
export interface Kube {
  /** @throws {KubeError} `NotFound` when there is none; see `unlessNotFound`. */
  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, signal: AbortSignal): Promise<T>;

  /**
   * All objects, read page by page. Only what `project` makes of each object is kept, so that thousands of Nodes never
   * lie in memory whole.
   */
  list<T extends KubeObject, P>(
    resource: Resource<T>,
    options: ListOptions<T, P>,
    signal: AbortSignal,
  ): Promise<ObjectList<P>>;

  /**
   * Changes after `options.resourceVersion`, until the server ends the watch (`options.timeoutSeconds`), which ends the
   * iteration without an error.
   *
   * @throws {KubeError} `Gone` when the version is too old: list again. `Timeout` when the server stays silent past the
   * end of the watch.
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;

  /** @throws {KubeError} `AlreadyExists` when the name is taken. */
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: NewObject<T>,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<T>;

  /**
   * Replaces the object. With `metadata.resourceVersion` set it fails when somebody else wrote in between.
   *
   * @throws {KubeError} `Conflict`
   */
  update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<T>;

  /**
   * Server-side apply: `object` holds exactly the fields that we own; creates the object when there is none.
   *
   * @throws {KubeError} `Conflict` when another manager owns one of the fields and `force` is not set.
   */
  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: PartialObject,
    options: ApplyOptions,
    signal: AbortSignal,
  ): Promise<T>;

  patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, patch: Patch, signal: AbortSignal): Promise<T>;

  /** Asks for deletion; finalizers may keep the object for longer. */
  delete<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Where objects of one kind live in the API; `T` is what they look like in JSON (see `Json`). */
export interface Resource<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: it carries the type. */
  readonly object?: T;
}

export interface ObjectRef {
  readonly name: string;
  /** Needed for namespaced resources, forbidden for others. */
  readonly namespace?: string | undefined;
}

/** What every object has. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
  };
}

/** An object with some of its fields, for `apply`. `apiVersion` and `kind` are filled in. */
export interface PartialObject {
  readonly metadata: ObjectRef & Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** An object to create. `apiVersion` and `kind` are filled in. */
export type NewObject<T> = Omit<T, "apiVersion" | "kind" | "status"> & Pick<KubeObject, "metadata">;

/** A type of `@kubernetes/client-node` as its JSON is: times are RFC 3339 strings, not `Date`. */
export type Json<T> = T extends Date
  ? string
  : T extends readonly (infer I)[]
    ? Json<I>[]
    : T extends object
      ? { [K in keyof T]: Json<T[K]> }
      : T;

interface Selection {
  /** All namespaces when absent. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** `metadata`: the server sends nothing else of each object, so that no Secret's data comes over. @default all of it */
  readonly part?: "metadata" | undefined;
}

export interface ListOptions<T, P> extends Selection {
  readonly project: (object: T) => P;
  /** Objects a request. @default 500, as client-go's pager. */
  readonly pageSize?: number | undefined;
}

export interface ObjectList<P> {
  readonly items: readonly P[];
  /** Where a watch goes on. */
  readonly resourceVersion: string;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  /** The server ends the watch after this many seconds; 10 s later we do. */
  readonly timeoutSeconds: number;
}

export type WatchEvent<T> =
  | { readonly kind: "added" | "modified" | "deleted"; readonly object: T }
  /** Nothing changed up to this version. */
  | { readonly kind: "bookmark"; readonly resourceVersion: string };

export interface WriteOptions {
  readonly subresource?: "status" | undefined;
  /** @default the client's own */
  readonly fieldManager?: string | undefined;
}

export interface ApplyOptions extends WriteOptions {
  /** Takes over fields that other managers own. */
  readonly force?: boolean | undefined;
}

export type Patch = WriteOptions &
  (
    | { readonly kind: "merge"; readonly body: Readonly<Record<string, unknown>> }
    | { readonly kind: "json"; readonly body: readonly JsonPatchOperation[] }
  );

/** RFC 6902, section 4. */
export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

export interface DeleteOptions {
  /** Fails with `Conflict` when the object is another one by now. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** What happens to objects that this one owns. @default the resource's own */
  readonly propagation?: "Background" | "Foreground" | "Orphan" | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

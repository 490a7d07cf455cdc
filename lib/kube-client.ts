import { createDeadline } from "./deadline.ts";
import { isRecord } from "./kube-answer.ts";
import { KubeError, isKubeError } from "./kube-error.ts";
import { readLines } from "./kube-lines.ts";
import { apiVersionOf, collectionPath, objectPath, queryString } from "./kube-path.ts";
import { Transport, type KubeRequest, type TransportOptions } from "./kube-transport.ts";
import { parseWatchLine, resourceVersionOf } from "./kube-watch.ts";
import type {
  ApplyOptions,
  DeleteOptions,
  Kube,
  KubeObject,
  ListOptions,
  NewObject,
  ObjectList,
  ObjectRef,
  PartialObject,
  Patch,
  Resource,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./kube.ts";

export {
  credentialsOf,
  inClusterCredentials,
  kubeconfigCredentials,
  type Credentials,
  type InCluster,
} from "./kube-credentials.ts";
export type { RequestRecord } from "./kube-transport.ts";

export interface KubeClientOptions extends Partial<Omit<TransportOptions, "credentials">> {
  readonly credentials: TransportOptions["credentials"];
  /** `<program>/<version>` */
  readonly userAgent: string;
  /** Who the server notes as owner of the fields that we write. */
  readonly fieldManager: string;
}

/** The real API, by HTTP. */
export interface KubeClient extends Kube {
  /**
   * The answer to a GET of any path, as it comes in: a pod's log, the server's version. `signal` ends it.
   *
   * @throws {KubeError} when there is none. What happens to the stream later is what the stream throws.
   */
  read(what: string, path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;

  /** Ends all that is under way and closes the connections. */
  close(): Promise<void>;
}

const DEFAULTS = { qps: 50, burst: 100, timeoutMs: 30_000 };
/** client-go's pager: https://github.com/kubernetes/client-go/blob/v0.34.4/tools/pager/pager.go */
const PAGE_SIZE = 500;
/** How often a list begins anew when its continue token has grown too old. */
const MAX_LISTS = 3;
/** How long after `timeoutSeconds` we give up a watch which the server should have ended. */
const WATCH_GRACE_MS = 10_000;
/** No object of Kubernetes is near this: etcd takes 1.5 MiB by default. */
const WATCH_LINE_MAX_BYTES = 32 * 1024 * 1024;

/** Limits by default: 50 requests a second, 100 at once, 30 s for each. */
export function createKubeClient({ fieldManager, ...options }: KubeClientOptions): KubeClient {
  const hooks = { beforeWrite: ignore, onRequest: ignore, onWarning: ignore };
  return new HttpKube(new Transport({ ...DEFAULTS, ...hooks, ...options }), fieldManager);
}

class HttpKube implements KubeClient {
  readonly #transport: Transport;
  readonly #fieldManager: string;

  constructor(transport: Transport, fieldManager: string) {
    this.#transport = transport;
    this.#fieldManager = fieldManager;
  }

  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, signal: AbortSignal): Promise<T> {
    const request = { ...named("get", resource, ref), method: "GET", path: objectPath(resource, ref) } as const;
    return this.#object(request, signal);
  }

  async list<T extends KubeObject, P>(
    resource: Resource<T>,
    options: ListOptions<T, P>,
    signal: AbortSignal,
  ): Promise<ObjectList<P>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#listOnce(resource, options, signal);
      } catch (error) {
        if (attempt === MAX_LISTS || !isKubeError(error, "Gone")) throw error;
      }
    }
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void> {
    const action = `watch ${resource.plural}`;
    const ms = options.timeoutSeconds * 1000 + WATCH_GRACE_MS;
    function expired(): Error {
      return new KubeError("Timeout", `Cannot ${action}: it has not ended after ${ms} ms`);
    }
    const deadline = createDeadline(ms, expired, signal);
    try {
      const body = await this.#transport.stream(watchRequest(resource, options, action), deadline.signal);
      for await (const line of readLines(body, WATCH_LINE_MAX_BYTES)) yield parseWatchLine<T>(action, line);
    } catch (error) {
      deadline.signal.throwIfAborted();
      throw error instanceof KubeError ? error : lostWatch(action, error);
    } finally {
      deadline.clear();
    }
  }

  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: NewObject<T>,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<T> {
    const { metadata } = object;
    const path = collectionPath(resource, metadata?.namespace, resource.namespaced);
    const request = this.#write("create", resource, { name: metadata?.name ?? "", namespace: metadata?.namespace });
    return this.#object(
      { ...request, method: "POST", path: path + this.#query(options), body: typed(resource, object) },
      signal,
    );
  }

  async update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<T> {
    const ref = { name: object.metadata?.name ?? "", namespace: object.metadata?.namespace };
    const path = objectPath(resource, ref, options.subresource) + this.#query(options);
    const body = typed(resource, object);
    return this.#object({ ...this.#write("update", resource, ref), method: "PUT", path, body }, signal);
  }

  async apply<T extends KubeObject>(
    resource: Resource<T>,
    object: PartialObject,
    options: ApplyOptions,
    signal: AbortSignal,
  ): Promise<T> {
    const { metadata: ref } = object;
    const path = objectPath(resource, ref, options.subresource) + this.#query(options, options.force);
    const contentType = "application/apply-patch+yaml"; // JSON is YAML.
    const body = typed(resource, object);
    return this.#object({ ...this.#write("apply", resource, ref), method: "PATCH", path, body, contentType }, signal);
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    { kind, body, ...options }: Patch,
    signal: AbortSignal,
  ): Promise<T> {
    const path = objectPath(resource, ref, options.subresource) + this.#query(options);
    const contentType = kind === "json" ? "application/json-patch+json" : "application/merge-patch+json";
    return this.#object({ ...this.#write("patch", resource, ref), method: "PATCH", path, body, contentType }, signal);
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    { uid, resourceVersion, propagation, gracePeriodSeconds }: DeleteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const body = { preconditions: { uid, resourceVersion }, propagationPolicy: propagation, gracePeriodSeconds };
    const request = this.#write("delete", resource, ref);
    await this.#transport.json({ ...request, method: "DELETE", path: objectPath(resource, ref), body }, signal);
  }

  async read(what: string, path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const request = { verb: "get", resource: what, action: `get ${what}`, method: "GET", path, accept: "*/*" } as const;
    return this.#transport.stream(request, signal);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #listOnce<T extends KubeObject, P>(
    resource: Resource<T>,
    options: ListOptions<T, P>,
    signal: AbortSignal,
  ): Promise<ObjectList<P>> {
    const action = `list ${resource.plural}`;
    const items: P[] = [];
    const base = collectionPath(resource, options.namespace);
    for (let token: string | undefined; ;) {
      const path = base + queryString({ ...selectors(options), limit: options.pageSize ?? PAGE_SIZE, continue: token });
      const accept = acceptOf("PartialObjectMetadataList", options.part);
      const request = { verb: "list", resource: resource.plural, action, method: "GET", path, accept } as const;
      const page = parsePage(action, await this.#transport.json(request, signal));
      for (const item of page.items) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has checked it against the schema
        items.push(options.project(item as T));
      }
      token = page.token;
      if (token === undefined) return { items, resourceVersion: page.resourceVersion };
    }
  }

  async #object<T>(request: KubeRequest, signal: AbortSignal): Promise<T> {
    const body = await this.#transport.json(request, signal);
    resourceVersionOf(request.action, body);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has checked it against the schema
    return body as T;
  }

  #write(verb: string, resource: Resource, ref: ObjectRef): Omit<KubeRequest, "method" | "path"> {
    return { ...named(verb, resource, ref), contentType: "application/json" };
  }

  #query({ fieldManager }: WriteOptions, force?: boolean): string {
    return queryString({ fieldManager: fieldManager ?? this.#fieldManager, force });
  }
}

function ignore(): void {
  // Nobody asked.
}

function named(
  verb: string,
  { plural }: Resource,
  { name, namespace }: ObjectRef,
): Pick<KubeRequest, "verb" | "resource" | "action"> {
  const full = namespace === undefined ? name : `${namespace}/${name}`;
  return { verb, resource: plural, action: `${verb} ${plural} "${full}"` };
}

function typed(resource: Resource, object: object): Readonly<Record<string, unknown>> {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function selectors({ labelSelector, fieldSelector }: Pick<WatchOptions, "labelSelector" | "fieldSelector">): {
  readonly labelSelector: string | undefined;
  readonly fieldSelector: string | undefined;
} {
  return { labelSelector, fieldSelector };
}

function watchRequest(resource: Resource, options: WatchOptions, action: string): KubeRequest {
  const { resourceVersion, timeoutSeconds } = options;
  const query = { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds };
  const path = collectionPath(resource, options.namespace) + queryString({ ...selectors(options), ...query });
  const accept = acceptOf("PartialObjectMetadata", options.part);
  return { verb: "watch", resource: resource.plural, action, method: "GET", path, accept };
}

/** @see {@link https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches} */
function acceptOf(kind: string, part: "metadata" | undefined): string | undefined {
  return part === undefined ? undefined : `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}

function parsePage(
  action: string,
  body: unknown,
): { readonly items: readonly unknown[]; readonly token: string | undefined; readonly resourceVersion: string } {
  const resourceVersion = resourceVersionOf(action, body);
  const { items, metadata } = isRecord(body) ? body : {};
  // An empty list of metadata has null here.
  const all: unknown = items === null ? [] : items;
  if (!Array.isArray(all)) throw new KubeError("Malformed", `Cannot ${action}: the answer has no items`);
  const token = isRecord(metadata) ? metadata["continue"] : undefined;
  return { items: all, token: typeof token === "string" && token !== "" ? token : undefined, resourceVersion };
}

function lostWatch(action: string, cause: unknown): KubeError {
  return new KubeError("Unavailable", `Cannot ${action}: the connection was lost`, { cause });
}

import { closeSync, fstatSync, openSync } from "node:fs";
import { messageOf } from "@rcm/lib/errors";
import type { Log } from "@rcm/lib/log";
import { waitAtMost } from "@rcm/lib/wait-at-most";
import type { Reaper } from "../linux/reaper.ts";
import type { MountedFile } from "../spec/executor-tree.ts";
import { GUEST_MEMORY_VARIABLE, memoryPages } from "../spec/memory-pages.ts";
import { hasFailed, preparedPath, usePrepared, type PreparedFolder } from "./prepared-files.ts";
import { digestOf } from "./read-component.ts";

/** Where a component of a container is: a layer's file, which was compared with the digest, or one of the image's files. */
export type ComponentPlace =
  | { readonly kind: "layer"; readonly file: string; readonly digest: string }
  /** `open` gives a new descriptor each time, and none if it is gone. */
  | { readonly kind: "image"; readonly open: () => number | undefined };

/** What is to be prepared. */
export interface PrepareOrder {
  readonly place: ComponentPlace;
  readonly digest: string;
  /** Where it is to be kept. */
  readonly path: string;
  readonly maxMemoryPages: number | undefined;
  /** Of the component. */
  readonly bytes: number;
}

/** A file of what was prepared. */
export interface PreparedFile {
  /** Of the component: `sha256:…`. */
  readonly digest: string;
  readonly file: string;
}

/** What there is of a component for a container. */
export interface Looked {
  readonly prepared?: PreparedFile;
  readonly order?: PrepareOrder;
}

/** Which runc prepares. */
export interface PreparerRunc {
  readonly binary: string;
  readonly systemdCgroup: boolean;
}

/** How long somebody waits for a preparation. */
export interface PrepareWait {
  readonly runc: PreparerRunc;
  readonly call: AbortSignal;
  readonly untilMs: number;
}

export interface PreparedSettings extends PreparedFolder {
  /** For what lives as long as a preparation. */
  readonly runFolder: string;
  /** The first is the program, then what it needs. */
  readonly files: readonly MountedFile[];
  readonly command: readonly string[];
  readonly reaper: Reaper;
  readonly log: Log;
}

/**
 * From here on a container waits until its component is prepared. In the container that would take more memory than many
 * pods have: 130 MB for a component of 13 MB.
 */
const LARGE_BYTES = 4 * 1024 * 1024;
/** A container does not wait longer for the digest of its component. */
const DIGEST_MS = 2000;
/** What is prepared for later containers begins so long after a start, which others may follow. */
const LATER_MS = 1000;
/** Orders that wait. More are forgotten; the next container of that component brings them again. */
const MAX_ORDERS = 64;

interface Waiting {
  readonly order: PrepareOrder;
  readonly runc: PreparerRunc;
  /** Settled once it is prepared, or never will be. */
  readonly done: PromiseWithResolvers<void>;
}

/** What is prepared of components, once for all containers of the node. */
export class PreparedComponents {
  readonly #settings: PreparedSettings;
  readonly #orders = new Map<string, Waiting>();
  readonly #stop = new AbortController();
  #working: Promise<void> | undefined;

  constructor(settings: PreparedSettings) {
    this.#settings = settings;
  }

  /**
   * What was prepared of a component of a container; else what to hand to {@link prepare}. Neither if anything
   * about it is unusual. Never fails.
   *
   * @param env of the pod.
   */
  async look(place: ComponentPlace, env: readonly string[]): Promise<Looked> {
    try {
      return await this.#look(place, env);
    } catch (error) {
      this.#settings.log.warn("A component is run without what was prepared of it", { reason: messageOf(error) });
      return {};
    }
  }

  /**
   * As {@link look}, for a container that is about to be made: what is large, and was not prepared before, is prepared
   * first. Gives up waiting for it at `untilMs` of `performance.now()`, or when `call` aborts.
   */
  async lookFirst(
    place: ComponentPlace,
    env: readonly string[],
    { runc, call, untilMs }: PrepareWait,
  ): Promise<Looked> {
    const looked = await this.look(place, env);
    if (looked.order === undefined || looked.order.bytes < LARGE_BYTES) return looked;
    await waitAtMost(Math.max(0, untilMs - performance.now()), this.prepare(looked.order, runc), call);
    return this.look(place, env);
  }

  /** Prepares it when it is its turn. Returns once it is prepared, or never will be; never fails. */
  async prepare(order: PrepareOrder, runc: PreparerRunc): Promise<void> {
    const known = this.#orders.get(order.path);
    if (known !== undefined) return known.done.promise;
    if (this.#stop.signal.aborted || this.#orders.size >= MAX_ORDERS) return undefined;
    const done = Promise.withResolvers<void>();
    this.#orders.set(order.path, { order, runc, done });
    this.#working ??= this.#work();
    return done.promise;
  }

  /** The same when its container has run for a while: many are gone before that, or another shim has prepared it. */
  prepareLater(order: PrepareOrder, runc: PreparerRunc): void {
    setTimeout(() => {
      try {
        if (!usePrepared(order.path)) void this.prepare(order, runc);
      } catch (error) {
        this.#settings.log.warn("Cannot look for what was prepared", { reason: messageOf(error) });
      }
    }, LATER_MS).unref();
  }

  /** Gives up what is being prepared, and waits until nothing of it is left. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("The shim ends"));
    await this.#working;
  }

  async #look(place: ComponentPlace, env: readonly string[]): Promise<Looked> {
    const maxMemoryPages = memoryPagesOf(env);
    if (maxMemoryPages === "invalid") return {}; // The executor says so.
    const component = await componentIn(place);
    const program = this.#settings.files[0]?.source;
    if (component === undefined || program === undefined) return {};
    const { digest, bytes } = component;
    const path = preparedPath(this.#settings, { digest, program, maxMemoryPages });
    if (usePrepared(path)) return { prepared: { digest, file: path } };
    return hasFailed(path) ? {} : { order: { place, digest, path, maxMemoryPages, bytes } };
  }

  async #work(): Promise<void> {
    const { log } = this.#settings;
    const { signal } = this.#stop;
    for (const [path, { order, runc, done }] of this.#orders) {
      try {
        const { prepareInContainer } = await import("./prepare-in-container.ts");
        const from = performance.now();
        await prepareInContainer(this.#settings, order, { runc, signal });
        log.info("Component prepared", { digest: order.digest, ms: Math.round(performance.now() - from) });
      } catch (error) {
        log.warn("A component cannot be prepared once for all", { digest: order.digest, reason: messageOf(error) });
      }
      this.#orders.delete(path);
      done.resolve();
    }
    this.#working = undefined;
  }
}

function memoryPagesOf(env: readonly string[]): number | undefined | "invalid" {
  const prefix = `${GUEST_MEMORY_VARIABLE}=`;
  const text = env.findLast((entry) => entry.startsWith(prefix))?.slice(prefix.length) ?? "";
  return text === "" ? undefined : (memoryPages(text) ?? "invalid");
}

async function componentIn(
  place: ComponentPlace,
): Promise<{ readonly digest: string; readonly bytes: number } | undefined> {
  const fd = openPlace(place);
  if (fd === undefined) return undefined;
  try {
    const { size: bytes } = fstatSync(fd);
    if (bytes === 0) return undefined; // The executor says so.
    const digest = place.kind === "layer" ? place.digest : await digestOf(fd, AbortSignal.timeout(DIGEST_MS));
    return digest === undefined ? undefined : { digest, bytes };
  } finally {
    closeSync(fd);
  }
}

/** @returns a descriptor, which the caller closes. */
function openPlace(place: ComponentPlace): number | undefined {
  return place.kind === "layer" ? openSync(place.file, "r") : place.open();
}

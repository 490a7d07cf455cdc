import { messageOf } from "@rcm/lib/errors";
import { HostError } from "../../host/errors.ts";
import { subscribe } from "../../host/redis/redis-subscriber.ts";
import { isOk } from "../../host/results.ts";
import type { HostServices } from "../../host/services.ts";
import { HostState } from "../../host/state.ts";
import { ConcurrencyLimiter } from "../../server/concurrency-limiter.ts";
import { type Guest, InstancePool } from "../../server/instance-pool.ts";
import type { ServerLimits } from "../../server/limits.ts";
import type { PodLog } from "../../server/pod-log.ts";
import { SpinError } from "../errors.ts";
import type { SpinComponent } from "./http-trigger.ts";
import type { RedisTriggerConfig } from "./redis-trigger-config.ts";

const ENTRY = { interface: "fermyon:spin/inbound-redis", name: "handle-message" } as const;
/** Time for an instance to start when no message waits for it. */
const START_MS = 30_000;

export interface RedisTriggerOptions {
  /** With no templates any more. */
  readonly triggers: readonly RedisTriggerConfig[];
  /** By their ids: all that triggers name. */
  readonly components: ReadonlyMap<string, SpinComponent>;
  readonly limits: ServerLimits;
  readonly log: PodLog;
  /** Each time that no message is being handled. */
  readonly onIdle: () => void;
}

/** A trigger and what it leads to. */
interface Listener extends RedisTriggerConfig {
  readonly pool: InstancePool;
  readonly services: HostServices;
}

/** Gives each message of a channel to an instance of its own. */
export class RedisTrigger {
  readonly #options: RedisTriggerOptions;
  /** Of each component, and of each trigger. */
  readonly #pools: ReadonlyMap<string, InstancePool>;
  readonly #listeners: readonly Listener[];
  readonly #limiter: ConcurrencyLimiter;
  readonly #running = new Set<HostState>();
  #onIdle: (() => void) | undefined;

  /**
   * Makes the first instance of each component.
   *
   * @throws {SpinError} `INVALID` for components that take no messages; {@link Error} for those that cannot be
   *   instantiated.
   */
  constructor(options: RedisTriggerOptions) {
    this.#options = options;
    const { triggers, limits } = options;
    this.#limiter = new ConcurrencyLimiter(limits);
    const ids = new Set(triggers.map(({ component }) => component));
    const targets = new Map([...ids].map((id) => [id, targetOf(id, options)] as const));
    this.#pools = new Map([...targets].map(([id, { pool }]) => [id, pool]));
    this.#listeners = triggers.flatMap((trigger) => {
      const target = targets.get(trigger.component);
      return target === undefined ? [] : [{ ...trigger, ...target }];
    });
  }

  get pools(): readonly InstancePool[] {
    return [...this.#pools.values()];
  }

  /**
   * Listens until `signal` aborts, and then lets the messages that are being handled come to their end, for the grace
   * period.
   *
   * @param onListening - called once, when it listens to all channels.
   * @throws {StoreError} if a server cannot be reached, after many tries.
   */
  async run(onListening: () => void, signal: AbortSignal): Promise<void> {
    const addresses = Map.groupBy(this.#listeners, ({ address }) => address);
    const waiting = new Set(addresses.keys());
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const listening = [...addresses].map(async ([address, listeners]) => {
      await this.#listen(address, listeners, either, () => {
        if (waiting.delete(address) && waiting.size === 0) onListening();
      });
    });
    try {
      await Promise.all(listening);
    } finally {
      failed.abort();
      await this.#end();
    }
  }

  async #listen(
    address: string,
    listeners: readonly Listener[],
    signal: AbortSignal,
    onListening: () => void,
  ): Promise<void> {
    const { log } = this.#options;
    const channels = [...new Set(listeners.map(({ channel }) => channel))];
    await subscribe(
      {
        address,
        channels,
        onMessage: ({ channel, payload }) => {
          for (const listener of listeners) if (listener.channel === channel) this.#take(listener, payload);
        },
        onListening: () => {
          log.info("Listening", { trigger: "redis", channels });
          onListening();
        },
        onProblem: (reason) => {
          log.error("Not listening: it is tried again", { trigger: "redis", channels, reason });
        },
      },
      signal,
    );
  }

  #take(listener: Listener, payload: Buffer): void {
    this.#limiter.acquire({
      start: () => void this.#handle(listener, payload),
      refuse: () => {
        const reason = this.#limiter.isClosed ? "the program stops" : "too many messages at the same time";
        this.#report(listener, "Message dropped", reason);
      },
      onGone: () => undefined, // Nobody waits for an answer.
    });
  }

  async #handle(listener: Listener, payload: Buffer): Promise<void> {
    const { pool, services } = listener;
    const { limits } = this.#options;
    const times = { deadlineMs: performance.now() + limits.requestMs, computeMs: limits.computeMs };
    const state = new HostState(services, times);
    this.#running.add(state);
    let guest: Guest | undefined = undefined;
    try {
      guest = pool.take(state);
      const result: unknown = await guest.entry.call(new Uint8Array(payload));
      pool.giveBack(guest);
      if (!isOk(result)) this.#report(listener, "Message failed", "the guest returned an error");
    } catch (error) {
      guest?.instance.dispose();
      this.#report(listener, "Message failed", messageOf(error));
    } finally {
      state.dispose();
      this.#running.delete(state);
      this.#limiter.release();
      if (this.#running.size === 0) this.#rest();
    }
  }

  #rest(): void {
    this.#options.onIdle();
    this.#onIdle?.();
  }

  #report({ id, component, channel }: RedisTriggerConfig, message: string, reason: string): void {
    this.#options.log.error(message, { trigger: id, component, channel, reason });
  }

  async #end(): Promise<void> {
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#onIdle = () => {
      resolve(undefined);
    };
    const timer = setTimeout(() => {
      this.#limiter.close();
      const reason = new HostError("STOPPED", "Cannot go on with the guest: the program stops");
      for (const state of this.#running) state.end(reason);
    }, this.#options.limits.graceMs);
    await promise;
    clearTimeout(timer);
  }
}

function targetOf(id: string, { components, limits }: RedisTriggerOptions): Pick<Listener, "pool" | "services"> {
  const component = components.get(id);
  if (component === undefined) {
    throw new SpinError("INVALID", `Cannot run the component "${id}" for messages: the application has none`);
  }
  const { linked, services } = component;
  if (!linked.exports.some(({ interface: name }) => name === ENTRY.interface)) {
    throw new SpinError(
      "INVALID",
      `Cannot run the component "${id}" for messages: it does not export ${ENTRY.interface}`,
    );
  }
  const { computeMs } = limits;
  const pool = new InstancePool({
    linked,
    entry: ENTRY,
    startState: () => new HostState(services, { deadlineMs: performance.now() + START_MS, computeMs }),
  });
  pool.warm();
  return { pool, services };
}

import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "@rcm/lib/deadline";
import { CodedError, messageOf } from "@rcm/lib/errors";
import { isKubeError, unlessNotFound, type Kube } from "@rcm/lib/kube";
import type { Log } from "@rcm/lib/log";
import { claim, LEASES, mayTake, observe, release, type Lease, type LeaseTimes, type Observation } from "./lease.ts";

export interface ElectionOptions extends Partial<LeaseTimes> {
  /** Its own client: a burst of other requests must not hold up the renewal. */
  readonly kube: Pick<Kube, "get" | "create" | "update">;
  readonly namespace: string;
  readonly name: string;
  /** Differs between any two processes. */
  readonly identity: string;
  readonly log: Log;
  /** Called with every change. */
  readonly onLeading?: (isLeading: boolean) => void;
}

export class LeaderError extends CodedError<"LEASE_LOST" | "RENEW_TIMEOUT" | "INVALID_TIMES"> {
  override readonly name = "LeaderError";
}

/** Held while `signal` has not aborted. */
export interface Leadership {
  /** Aborts the moment the lease is lost. */
  readonly signal: AbortSignal;
  /**
   * For every write (`beforeWrite` of the client): timers fire late in a process that was stopped, this does not.
   *
   * @throws {LeaderError} when the lease is lost.
   */
  assertHeld(): void;
}

/** The defaults of client-go and of every Kubernetes component. */
const DEFAULTS: LeaseTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 };
/** As client-go: https://github.com/kubernetes/client-go/blob/v0.34.4/tools/leaderelection/leaderelection.go */
const JITTER = 1.2;

/**
 * Waits until the lease is ours, runs `work`, renews meanwhile, and releases the lease when `work` has ended. Returns
 * when that is done, or when `signal` aborted before the lease was ours.
 *
 * The same protocol as client-go's leader election, so the two may stand against each other.
 *
 * @param signal ends the waiting only; `work` has to hear of it by itself, and keeps the lease until it is done.
 * @throws {LeaderError} `LEASE_LOST` or `RENEW_TIMEOUT` when the lease is lost, after `work` has ended; `INVALID_TIMES`.
 */
export async function runAsLeader(
  options: ElectionOptions,
  work: (leadership: Leadership) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const election = new Election(options);
  if (!(await election.acquire(signal))) return;
  const ended = new AbortController();
  const renewing = election.renew(ended.signal);
  try {
    await work(election);
  } finally {
    ended.abort();
    await renewing;
    await election.release();
    election.signal.throwIfAborted(); // Goes before what `work` threw because of it.
  }
}

class Election implements Leadership {
  readonly #options: ElectionOptions & LeaseTimes;
  readonly #lost = new AbortController();
  /** As we wrote it last; `undefined` when it has to be read. */
  #lease: Lease | undefined;
  #observation: Observation | undefined;
  /** Begin of the last renewal that worked. */
  #renewedMs = 0;

  constructor(options: ElectionOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { leaseMs, renewDeadlineMs, retryMs } = this.#options;
    if (leaseMs > renewDeadlineMs && renewDeadlineMs > retryMs * JITTER && retryMs > 0) return;
    const what = `lease ${leaseMs} ms, renew deadline ${renewDeadlineMs} ms, retry ${retryMs} ms`;
    throw new LeaderError("INVALID_TIMES", `Cannot elect a leader with ${what}: each must be well above the next`);
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  assertHeld(): void {
    if (this.#remainingMs() <= 0) this.#lose("RENEW_TIMEOUT", "the lease was not renewed in time");
    this.signal.throwIfAborted();
  }

  /** @returns false when `signal` aborted first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { retryMs, log, identity } = this.#options;
    while (!signal.aborted) {
      if (await this.#tryAcquire(signal)) {
        log.info("Leading", { identity });
        this.#options.onLeading?.(true);
        return true;
      }
      await rest(retryMs * (1 + Math.random() * JITTER), signal);
    }
    return false;
  }

  /** Until `ended` aborts or the lease is lost. */
  async renew(ended: AbortSignal): Promise<void> {
    while (!ended.aborted && !this.signal.aborted) {
      await rest(Math.min(this.#options.retryMs, this.#remainingMs()), ended);
      await this.#renewOnce(ended);
    }
  }

  async release(): Promise<void> {
    const { log, identity } = this.#options;
    if (this.signal.aborted) return;
    this.#options.onLeading?.(false);
    try {
      // A renewal that was cut off may have been written: read again.
      await limited(this.#attemptMs(), async (signal) => this.#giveBack(await this.#read(signal), signal), NEVER);
      log.info("Lease released", { identity });
    } catch (error) {
      log.warn("Lease not released", { identity, problem: messageOf(error) });
    }
  }

  async #tryAcquire(signal: AbortSignal): Promise<boolean> {
    const { log, identity } = this.#options;
    try {
      return await limited(this.#attemptMs(), async (ending) => this.#attempt(ending), signal);
    } catch (error) {
      log.debug("Lease not acquired", { identity, problem: messageOf(error) });
      return false;
    }
  }

  async #renewOnce(ended: AbortSignal): Promise<void> {
    const { log, identity } = this.#options;
    try {
      const remainingMs = this.#remainingMs();
      if (ended.aborted || remainingMs <= 0) return;
      const limitMs = Math.min(this.#attemptMs(), remainingMs);
      const isHeld = await limited(limitMs, async (ending) => this.#attempt(ending), ended);
      if (!isHeld) this.#lose("LEASE_LOST", `"${this.#observation?.spec.holderIdentity ?? ""}" holds the lease`);
    } catch (error) {
      if (!ended.aborted) log.warn("Lease not renewed", { identity, problem: messageOf(error) });
    } finally {
      if (!ended.aborted && this.#remainingMs() <= 0) {
        this.#lose("RENEW_TIMEOUT", "the lease was not renewed in time");
      }
    }
  }

  /** @returns whether the lease is ours now. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { identity } = this.#options;
    const startMs = performance.now();
    const isKnown = this.#lease !== undefined;
    const lease = this.#lease ?? (await this.#read(signal));
    if (!isKnown && lease !== undefined && !this.#mayTake(lease, identity)) return false;
    this.#lease = undefined; // Until we know that the write worked.
    try {
      this.#lease = await this.#claim(lease, signal);
    } catch (error) {
      // Changed behind our back: look who holds it, once.
      if (isKnown && isKubeError(error, "Conflict", "NotFound")) return this.#attempt(signal);
      throw error;
    }
    this.#renewedMs = startMs;
    return true;
  }

  #mayTake({ spec = {} }: Lease, identity: string): boolean {
    const nowMs = performance.now();
    this.#observation = observe(this.#observation, spec, nowMs);
    return mayTake(this.#observation, identity, nowMs);
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { kube, namespace, name } = this.#options;
    return unlessNotFound(kube.get(LEASES, { namespace, name }, signal));
  }

  async #claim(lease: Lease | undefined, signal: AbortSignal): Promise<Lease> {
    const { kube, namespace, name, identity, leaseMs } = this.#options;
    const spec = claim(lease?.spec, identity, leaseMs, new Date());
    if (lease === undefined) return kube.create(LEASES, { metadata: { namespace, name }, spec }, {}, signal);
    return kube.update(LEASES, { ...lease, spec }, {}, signal);
  }

  async #giveBack(lease: Lease | undefined, signal: AbortSignal): Promise<void> {
    const { kube, identity } = this.#options;
    if (lease?.spec?.holderIdentity !== identity) return;
    await kube.update(LEASES, { ...lease, spec: release(lease.spec, new Date()) }, {}, signal);
  }

  /** One attempt may take half of the time in which we must renew, so that there is time for another. */
  #attemptMs(): number {
    return this.#options.renewDeadlineMs / 2;
  }

  #remainingMs(): number {
    return this.#renewedMs + this.#options.renewDeadlineMs - performance.now();
  }

  #lose(code: "LEASE_LOST" | "RENEW_TIMEOUT", what: string): void {
    if (this.signal.aborted) return;
    const { namespace, name, log, identity, onLeading } = this.#options;
    const error = new LeaderError(code, `Cannot go on leading by "${namespace}/${name}": ${what}`);
    this.#lost.abort(error);
    onLeading?.(false);
    log.error("Lease lost", { identity, code, problem: error.message });
  }
}

const NEVER = new AbortController().signal;

async function limited<R>(ms: number, work: (signal: AbortSignal) => Promise<R>, signal: AbortSignal): Promise<R> {
  const whole = Math.max(1, Math.round(ms));
  const message = `Cannot write the lease: no answer within ${whole} ms`;
  return withDeadline({ ms: whole, expired: () => new LeaderError("RENEW_TIMEOUT", message) }, work, signal);
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined); // Aborted: the caller looks.
}

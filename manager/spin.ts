import { createHash } from "node:crypto";
import { rootCertificates } from "node:tls";
import { aborted } from "@rcm/lib/aborted";
import type { Kube } from "@rcm/lib/kube";
import type { Log } from "@rcm/lib/log";
import { reconcileExecutor } from "./executors/reconcile.ts";
import { addExecutorTriggers } from "./executors/triggers.ts";
import { Controller } from "./runtime/controller.ts";
import type { Events } from "./runtime/events.ts";
import type { Metrics } from "./runtime/metrics.ts";
import { SpinAppCache } from "./spinapps/cache.ts";
import { Certificates } from "./spinapps/certificates.ts";
import { Memos } from "./spinapps/memo.ts";
import type { Operator } from "./spinapps/operator.ts";
import { reconcileSpinApp } from "./spinapps/reconcile.ts";
import { ReferenceIndex } from "./spinapps/reference-index.ts";
import { watchSpinApps } from "./spinapps/spinapp-metrics.ts";
import { addTriggers } from "./spinapps/triggers.ts";

export interface SpinOptions {
  readonly kube: Kube;
  readonly events: Events;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** The part of the manager that runs SpinApps, of both API groups. It does not hold up the other part. */
export interface SpinOperator {
  /** Keeps the cache until `signal` aborts. */
  watch(signal: AbortSignal): Promise<void>;
  /** Works once the cache is complete; see `Controller.run` for the signals. */
  work(stopping: AbortSignal, lost: AbortSignal): Promise<void>;
}

/** What happens to a SpinApp within this time, in milliseconds, is one pass: pods come up one after another. */
const MIN_INTERVAL_MS = 1000;
/** A SpinApp that waits for the server does not hold up the others. */
const CONCURRENCY = 16;
/** No pass has more than some ten requests; a server that is silent for longer is away. */
const TIMEOUT_MS = 60_000;

export function createSpinOperator({ kube, events, metrics, log }: SpinOptions): SpinOperator {
  const cache = new SpinAppCache({ kube, log });
  const certificates = new Certificates(kube, caBundle());
  const operator: Operator = { kube, cache, certificates, events, index: new ReferenceIndex(), memos: new Memos() };
  const onReconcile = metrics.observeReconcile.bind(metrics);
  const apps = new Controller({
    name: "spinapp",
    reconcile: async (key, signal) => reconcileSpinApp(operator, key, signal),
    concurrency: CONCURRENCY,
    timeoutMs: TIMEOUT_MS,
    minIntervalMs: MIN_INTERVAL_MS,
    onReconcile,
    log,
  });
  const executors = new Controller({
    name: "spinappexecutor",
    reconcile: async (key, signal) => reconcileExecutor(operator, key, signal),
    onReconcile,
    log,
  });
  metrics.watchQueue("spinapp", () => apps.depth);
  metrics.watchQueue("spinappexecutor", () => executors.depth);
  watchSpinApps(metrics.registry, cache);
  addTriggers(cache, operator.index, (key) => apps.add(key));
  addExecutorTriggers(cache, (key) => executors.add(key));
  cache.secrets.onChange(({ key, after }) => {
    if (after === undefined) certificates.forget(key);
  });
  return {
    watch: async (signal) => cache.run(signal),
    async work(stopping, lost) {
      await Promise.race([cache.synced, aborted(stopping), aborted(lost)]);
      await Promise.all([apps.run(stopping, lost), executors.run(stopping, lost)]);
    },
  };
}

/** Mozilla's certificates, which Node carries. */
function caBundle(): { readonly pem: string; readonly sha256: string } {
  const pem = `${rootCertificates.join("\n")}\n`;
  return { pem, sha256: createHash("sha256").update(pem).digest("hex") };
}

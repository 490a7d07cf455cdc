import type { Level } from "@rcm/lib/install-job";
import { DEADLINES } from "./context.ts";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";
import type { RunningContainer } from "./host/links.ts";
import { isAsExpected, servedRuntime, type Expectation } from "./runtimes.ts";

/** The node before anything is changed. */
export interface Baseline {
  readonly containers: readonly RunningContainer[];
}

export interface Health {
  readonly level: Level | undefined;
  /** Containers that ran before and do not run any more, `namespace/pod/name`. */
  readonly lost: readonly string[];
}

/**
 * Looks at the node before it is touched.
 *
 * @throws {InstallError} `ContainerdUnavailable` when the node is ill already: whatever is done to it would be blamed
 *   for that, and could not be proven to be well.
 */
export async function takeBaseline({ links, log }: Context, signal: AbortSignal): Promise<Baseline> {
  const failure = await links.cri.probe(undefined, signal);
  if (failure !== undefined) {
    throw new InstallError(
      "ContainerdUnavailable",
      `Cannot start an ordinary pod on this node, before anything was changed: ${failure}: repair containerd or its network first`,
    );
  }
  const containers = await links.cri.runningContainers(signal);
  log.info("Node is well", { containers: containers.length });
  return { containers };
}

/**
 * Proves that the node is well: CRI answers, serves the handler as wanted, an ordinary pod can start, and so can one
 * of the handler.
 *
 * @throws {InstallError} that says what is broken.
 */
export async function proveHealth(
  context: Context,
  baseline: Baseline,
  expected: Expectation,
  signal: AbortSignal,
): Promise<Health> {
  await proveServed(context, expected, signal);
  await proveOrdinaryPods(context, signal);
  if (expected.runtime !== undefined) await proveHandler(context, expected.handler, signal);
  const lost = lostContainers(baseline.containers, await context.links.cri.runningContainers(signal));
  if (lost.length > 0) context.log.warn("Containers ended meanwhile", { lost });
  return { level: expected.runtime === undefined ? undefined : "Proven", lost };
}

async function proveServed({ links }: Context, expected: Expectation, signal: AbortSignal): Promise<void> {
  const { handler, runtime } = expected;
  const facts = await links.cri.facts(DEADLINES.criAfterRestart, signal);
  const served = servedRuntime(facts, handler);
  if (isAsExpected(served, expected)) return;
  const wanted =
    runtime === undefined ? "is still served" : served === undefined ? "is not served" : "is served differently";
  throw new InstallError("HandlerNotServed", `Containerd runs, but handler "${handler}" ${wanted}`);
}

async function proveOrdinaryPods({ links }: Context, signal: AbortSignal): Promise<void> {
  const failure = await links.cri.probe(undefined, signal);
  if (failure === undefined) return;
  throw new InstallError("OrdinaryPodsBroken", `Cannot start an ordinary pod any more: ${failure}`);
}

async function proveHandler({ links }: Context, handler: string, signal: AbortSignal): Promise<void> {
  const failure = await links.cri.probe(handler, signal);
  if (failure === undefined) return;
  throw new InstallError(
    "ShimBroken",
    `Cannot start a pod through handler "${handler}": ${failure}: check that the shim runs on this node`,
  );
}

/** The report is short: it has room for so many pods, and for so many characters of their names. */
const LOST_PODS = { most: 10, characters: 1200 } as const;

/** Pods of the containers that were lost, each once. @param lost `namespace/pod/name` */
export function lostPods(lost: readonly string[]): readonly string[] {
  const pods = [...new Set(lost.map((container) => container.slice(0, container.lastIndexOf("/"))))];
  const first = pods.slice(0, LOST_PODS.most);
  return first.filter((_, at) => first.slice(0, at + 1).join("").length <= LOST_PODS.characters);
}

function lostContainers(before: readonly RunningContainer[], after: readonly RunningContainer[]): string[] {
  const alive = new Set(after.map(({ id }) => id));
  return before.filter(({ id }) => !alive.has(id)).map(({ pod, name }) => `${pod}/${name}`);
}

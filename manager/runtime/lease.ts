import type { KubeObject, Resource } from "@rcm/lib/kube";

/** The lock of a leader election: https://kubernetes.io/docs/concepts/architecture/leases/ */
export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

export interface LeaseSpec {
  /** Empty when released. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds, by the holder's clock. */
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export const LEASES: Resource<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};

export interface LeaseTimes {
  /** Others leave a silent holder alone for this long, in milliseconds. @default 15000 */
  readonly leaseMs: number;
  /** The holder gives up when it could not renew for this long; less than `leaseMs`. @default 10000 */
  readonly renewDeadlineMs: number;
  /** Time between two attempts; less than `renewDeadlineMs`. @default 2000 */
  readonly retryMs: number;
}

/** What was last seen of the lease, and when: by our own clock, since others' clocks may be wrong. */
export interface Observation {
  readonly spec: LeaseSpec;
  readonly atMs: number;
}

/** The time of an observation is that of the first sight of what it saw. */
export function observe(before: Observation | undefined, spec: LeaseSpec, nowMs: number): Observation {
  const isSame =
    before !== undefined &&
    before.spec.holderIdentity === spec.holderIdentity &&
    before.spec.renewTime === spec.renewTime &&
    before.spec.leaseTransitions === spec.leaseTransitions;
  return isSame ? before : { spec, atMs: nowMs };
}

/** Whether we may write ourselves into the lease: it is ours, free, or its holder has been silent for too long. */
export function mayTake({ spec, atMs }: Observation, identity: string, nowMs: number): boolean {
  const { holderIdentity = "", leaseDurationSeconds = 0 } = spec;
  if (holderIdentity === "" || holderIdentity === identity) return true;
  return nowMs >= atMs + leaseDurationSeconds * 1000;
}

/** @param time wall clock, for people. */
export function claim(before: LeaseSpec | undefined, identity: string, leaseMs: number, time: Date): LeaseSpec {
  const isOurs = before?.holderIdentity === identity;
  const transitions = before?.leaseTransitions ?? 0;
  const now = microTime(time);
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseMs / 1000),
    acquireTime: isOurs ? (before.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: before === undefined || isOurs ? transitions : transitions + 1,
  };
}

/** As client-go leaves it: nobody's, and about to expire. */
export function release(before: LeaseSpec, time: Date): LeaseSpec {
  return { ...before, holderIdentity: "", leaseDurationSeconds: 1, renewTime: microTime(time) };
}

/** `metav1.MicroTime` wants six digits. */
export function microTime(time: Date): string {
  return time.toISOString().replace("Z", "000Z");
}

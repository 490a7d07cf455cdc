import { SHIM_FINALIZER } from "@rcm/crds";
import type { InstallReport } from "@rcm/lib/install-job";
import type { Decision, NodeFacts } from "./decide-node.ts";
import type { NodeJob, PodView } from "./job-view.ts";
import type { NodeView } from "./node-view.ts";
import type { Observed } from "./plan.ts";
import type { NodeRecord } from "./record.ts";
import type { ShimObject } from "./shim-object.ts";

/** Objects for tests: all is well with them until a test says what is not. */

export const NOW = "2026-11-24T12:00:00Z";
export const NOW_MS = Date.parse(NOW);

/** A time so many seconds before `NOW`. */
export function ago(seconds: number): string {
  return new Date(NOW_MS - seconds * 1000).toISOString().replace(".000Z", "Z");
}

type SpecPart = Partial<ShimObject["spec"]>;

export function exampleShim(spec: SpecPart = {}, metadata: Partial<ShimObject["metadata"]> = {}): ShimObject {
  return {
    apiVersion: "runtime.spinkube.dev/v1alpha1",
    kind: "Shim",
    metadata: {
      name: "spin-v2",
      uid: "shim-uid",
      generation: 1,
      creationTimestamp: ago(3600),
      finalizers: [SHIM_FINALIZER],
      ...metadata,
    },
    spec: {
      nodeSelector: { wasm: "true" },
      fetchStrategy: {
        platforms: [{ os: "linux", arch: "amd64", location: "https://example.org/a.tar.gz", sha256: "a".repeat(64) }],
      },
      runtimeClass: { name: "wasmtime-spin-v2", handler: "spin" },
      ...spec,
    },
  };
}

export function exampleNode(part: Partial<NodeView> = {}): NodeView {
  const name = part.name ?? "node1";
  return {
    name,
    uid: `uid-${name}`,
    labels: { wasm: "true" },
    retry: undefined,
    records: {},
    taints: [],
    ready: true,
    os: "linux",
    architecture: "amd64",
    machineId: `machine-${name}`,
    bootId: `boot-${name}`,
    osImage: "Debian GNU/Linux 12 (bookworm)",
    kubeletVersion: "v1.34.4",
    runtimeVersion: "containerd://1.7.24",
    handlers: undefined,
    ...part,
  };
}

/** Of a successful install on `exampleNode()`, ten minutes ago. */
export function exampleRecord(part: Partial<NodeRecord> = {}): NodeRecord {
  return {
    shimUid: "shim-uid",
    job: "install-spin-v2-node1-000001",
    operation: "install",
    hash: "hash-1",
    ok: true,
    attempt: 1,
    failures: 0,
    created: ago(610),
    why: "NotInstalled",
    at: ago(600),
    level: "Proven",
    digest: "d".repeat(64),
    machineId: "machine-node1",
    bootId: "boot-node1",
    runtimeVersion: "containerd://1.7.24",
    retry: "",
    ...part,
  };
}

/** Of a failed install that has just ended. */
export function failedRecord(part: Partial<NodeRecord> = {}): NodeRecord {
  const { level: _level, digest: _digest, ...record } = exampleRecord({ ok: false, failures: 1, at: ago(1) });
  return { ...record, reason: "ArtifactUnavailable", message: "The server said 503", ...part };
}

/** Made a minute ago, without a pod yet. */
export function exampleJob(part: Partial<NodeJob> = {}): NodeJob {
  return {
    name: "install-spin-v2-node1-000002",
    uid: "job-uid",
    ownerUid: "shim-uid",
    shim: "spin-v2",
    nodeUid: "uid-node1",
    nodeName: "node1",
    operation: "install",
    hash: "hash-1",
    attempt: 1,
    retry: "",
    why: "NotInstalled",
    untouched: false,
    machineId: "machine-node1",
    bootId: "boot-node1",
    runtimeVersion: "containerd://1.7.24",
    createdAt: ago(60),
    phase: "active",
    endedAt: undefined,
    failure: undefined,
    pod: undefined,
    ...part,
  };
}

export function examplePod(part: Partial<PodView> = {}): PodView {
  return {
    name: "install-spin-v2-node1-000002-x",
    uid: "pod-uid",
    jobName: "install-spin-v2-node1-000002",
    phase: "Pending",
    createdAt: ago(59),
    started: false,
    endedAt: undefined,
    report: undefined,
    waiting: undefined,
    ended: undefined,
    ...part,
  };
}

export function exampleReport(part: Partial<InstallReport> = {}): InstallReport {
  return {
    schema: 1,
    operation: "install",
    ok: true,
    message: "Installed",
    hash: "hash-1",
    level: "Proven",
    digest: "d".repeat(64),
    restarts: 1,
    rolledBack: false,
    durationMs: 3000,
    ...part,
  };
}

/** A Job whose pod has ended with a report. */
export function endedJob(report: Partial<InstallReport> = {}, part: Partial<NodeJob> = {}): NodeJob {
  const full = exampleReport(report);
  const pod = examplePod({ phase: full.ok ? "Succeeded" : "Failed", started: true, endedAt: ago(5), report: full });
  return exampleJob({ pod, ...part });
}

export function exampleFacts(part: Partial<NodeFacts> = {}): NodeFacts {
  return {
    node: exampleNode(),
    record: undefined,
    marked: part.record !== undefined,
    jobs: [],
    wanted: { kind: "present", hash: "hash-1" },
    ineligible: undefined,
    shimUid: "shim-uid",
    handler: "spin",
    retry: "",
    usersGone: false,
    ...part,
  };
}

export function exampleDecision(part: Partial<Decision> = {}): Decision {
  return {
    node: exampleNode(),
    wanted: "present",
    state: "Proven",
    settled: part.state === undefined,
    failed: false,
    record: undefined,
    touched: false,
    active: undefined,
    ...part,
  };
}

export function exampleObserved(part: Partial<Observed> = {}): Observed {
  const shim = part.shim ?? exampleShim();
  return {
    shim,
    shims: [shim],
    nodes: [exampleNode()],
    jobs: [],
    runtimeClass: undefined,
    usersGone: new Set(),
    maxConcurrentJobs: 100,
    nowMs: NOW_MS,
    now: NOW,
    ...part,
  };
}

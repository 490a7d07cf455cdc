import { MANAGED_BY, MANAGED_BY_LABEL } from "@rcm/crds";
import type { Kube } from "@rcm/lib/kube";
import type { Log } from "@rcm/lib/log";
import { Informer } from "../runtime/informer.ts";
import { ExpectedJobs } from "./expected-jobs.ts";
import { JobJoin } from "./job-join.ts";
import { jobView, type JobJson, type JobView, type PodView } from "./job-view.ts";
import { nodeView, type NodeJson, type NodeView } from "./node-view.ts";
import { Overlay } from "./overlay.ts";
import { podView, type PodJson } from "./pod-view.ts";
import { JOBS, NODES, PODS, RUNTIME_CLASSES, SHIMS } from "./resources.ts";
import { runtimeClassView, type RuntimeClassJson } from "./runtime-class.ts";
import { shimView, type ShimObject } from "./shim-object.ts";

export interface CacheOptions {
  readonly kube: Pick<Kube, "list" | "watch">;
  /** Where the installer's Jobs are: nothing is read from any other namespace. */
  readonly namespace: string;
  readonly log: Log;
}

/** Copies of all that Shims depend on, kept by watches, with what we wrote ourselves already in them. */
export class ShimCache {
  readonly shims: Informer<ShimObject, ShimObject>;
  readonly nodes: Informer<NodeJson, NodeView>;
  readonly jobs: Informer<JobJson, JobView>;
  readonly pods: Informer<PodJson, PodView>;
  readonly runtimeClasses: Informer<RuntimeClassJson, RuntimeClassJson>;
  readonly expectedJobs = new ExpectedJobs();
  readonly jobJoin = new JobJoin();
  readonly writtenNodes = new Overlay<NodeView>();
  readonly writtenShims = new Overlay<ShimObject>();

  constructor({ kube, namespace, log }: CacheOptions) {
    const ours = { namespace, labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}` };
    this.shims = new Informer({ kube, log, resource: SHIMS, project: shimView });
    this.nodes = new Informer({ kube, log, resource: NODES, project: nodeView });
    this.jobs = new Informer({ kube, log, resource: JOBS, project: jobView, ...ours });
    this.pods = new Informer({ kube, log, resource: PODS, project: podView, ...ours });
    this.runtimeClasses = new Informer({ kube, log, resource: RUNTIME_CLASSES, project: runtimeClassView });
    this.jobs.onChange(({ after }) => {
      if (after !== undefined) this.expectedJobs.delete(after.name);
    });
  }

  /** Resolves when everything has been listed once. */
  get synced(): Promise<unknown> {
    return Promise.all(this.#informers().map(async (informer) => informer.synced));
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#informers().map(async (informer) => informer.run(signal)));
  }

  #informers(): readonly { readonly synced: Promise<undefined>; run(signal: AbortSignal): Promise<void> }[] {
    return [this.shims, this.nodes, this.jobs, this.pods, this.runtimeClasses];
  }
}

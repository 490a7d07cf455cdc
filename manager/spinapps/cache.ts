import type { Kube, KubeObject, Resource } from "@rcm/lib/kube";
import type { Log } from "@rcm/lib/log";
import { Informer } from "../runtime/informer.ts";
import type { Change } from "../runtime/store.ts";
import { SPIN_GROUPS, appNameLabel, type SpinGroup, type SpinId } from "./app-id.ts";
import type { ChildJson } from "./child-view.ts";
import type { Candidate } from "./choose-executor.ts";
import { dataView, type DataView } from "./data-view.ts";
import { deploymentView, isBefore, type DeploymentJson, type DeploymentView } from "./deployment-view.ts";
import { podTrouble, type PodJson, type PodTrouble } from "./pod-trouble.ts";
import {
  APP_PODS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  SECRETS,
  SERVICES,
  spinAppExecutors,
  spinApps,
  type DataObject,
} from "./resources.ts";
import { serviceView, type ServiceJson, type ServiceView } from "./service-view.ts";
import { spinView, type ExecutorObject, type SpinAppObject } from "./spinapp-object.ts";
import { Written } from "./written.ts";

export interface CacheOptions {
  readonly kube: Pick<Kube, "list" | "watch">;
  readonly log: Log;
}

/** What belongs to the SpinApps of one API group. */
export class GroupCache {
  readonly apps: Informer<SpinAppObject, SpinAppObject>;
  readonly executors: Informer<ExecutorObject, ExecutorObject>;
  readonly deployments: Informer<DeploymentJson, DeploymentView>;
  readonly services: Informer<ServiceJson, ServiceView>;
  readonly pods: Informer<PodJson, PodTrouble>;
  readonly writtenApps = new Written<SpinAppObject>();
  readonly writtenDeployments = new Written<DeploymentView>(isBefore);
  readonly writtenServices = new Written<ServiceView>();

  constructor(group: SpinGroup, { kube, log }: CacheOptions) {
    const label = appNameLabel(group);
    const ours = { kube, log, labelSelector: label };
    this.apps = new Informer({ kube, log, resource: spinApps(group), project: spinView });
    this.executors = new Informer({ kube, log, resource: spinAppExecutors(group), project: spinView });
    this.deployments = new Informer({ ...ours, resource: DEPLOYMENTS, project: deploymentView });
    this.services = new Informer({ ...ours, resource: SERVICES, project: serviceView });
    this.pods = new Informer({ ...ours, resource: APP_PODS, project: (pod) => podTrouble(label, pod) });
    forgetWritten(this.apps, this.writtenApps);
    forgetWritten(this.deployments, this.writtenDeployments);
    forgetWritten(this.services, this.writtenServices);
  }

  all(): readonly Running[] {
    return [this.apps, this.executors, this.deployments, this.services, this.pods];
  }
}

interface Running {
  readonly synced: Promise<undefined>;
  run(signal: AbortSignal): Promise<void>;
}

/** Copies of all that SpinApps depend on, kept by watches. Of Secrets and ConfigMaps there is only the metadata. */
export class SpinAppCache {
  readonly #groups: ReadonlyMap<SpinGroup, GroupCache>;
  readonly secrets: Informer<ChildJson, DataView>;
  readonly configMaps: Informer<ChildJson, DataView>;

  constructor(options: CacheOptions) {
    this.#groups = new Map(SPIN_GROUPS.map((group) => [group, new GroupCache(group, options)]));
    const metadata = { ...options, part: "metadata", project: dataView } as const;
    // Releases of Helm are many, large, and never what a SpinApp refers to.
    const fieldSelector = "type!=helm.sh/release.v1";
    this.secrets = new Informer({ ...metadata, resource: metadataOf(SECRETS), fieldSelector });
    this.configMaps = new Informer({ ...metadata, resource: metadataOf(CONFIG_MAPS) });
  }

  group(name: SpinGroup): GroupCache {
    const found = this.#groups.get(name);
    if (found === undefined) throw new TypeError(`There is no group "${name}"`);
    return found;
  }

  groups(): readonly (readonly [SpinGroup, GroupCache])[] {
    return [...this.#groups];
  }

  /** Executors of a namespace, of both groups. */
  candidates(namespace: string): readonly Candidate[] {
    return this.groups().flatMap(([group, { executors }]) =>
      [...executors.store.values()]
        .filter(({ metadata }) => metadata.namespace === namespace)
        .map((executor) => ({ group, executor })),
    );
  }

  app({ group, namespace, name }: SpinId, nowMs: number): SpinAppObject | undefined {
    const { apps, writtenApps } = this.group(group);
    const key = `${namespace}/${name}`;
    return writtenApps.see(key, apps.store.get(key), nowMs);
  }

  data(kind: "Secret" | "ConfigMap", namespace: string, name: string): DataView | undefined {
    const { store } = kind === "Secret" ? this.secrets : this.configMaps;
    return store.get(`${namespace}/${name}`);
  }

  /** Resolves when everything has been listed once. */
  get synced(): Promise<unknown> {
    return Promise.all(this.#all().map(async ({ synced }) => synced));
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(async (informer) => informer.run(signal)));
  }

  #all(): readonly Running[] {
    return [...this.groups().flatMap(([, group]) => group.all()), this.secrets, this.configMaps];
  }
}

function forgetWritten<T extends KubeObject, P>(informer: Informer<T, P>, written: Written<P>): void {
  informer.onChange(({ key, after }: Change<P>) => {
    written.forget(key, after);
  });
}

/** The same resource, of which only the metadata is asked for. */
function metadataOf({ group, version, plural, kind, namespaced }: Resource<DataObject>): Resource<ChildJson> {
  return { group, version, plural, kind, namespaced };
}

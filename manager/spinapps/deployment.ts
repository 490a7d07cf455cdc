import type { PartialObject } from "@rcm/lib/kube";
import { appNameLabel, statusLabel, type SpinId } from "./app-id.ts";
import { DEFAULT_PORT, environmentOf } from "./environment.ts";
import { ownerOf } from "./owner.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";
import { CONFIG_PATH, volumesOf } from "./volumes.ts";

/** What the pods get besides what SpinApp and executor say. */
export interface PodConfig {
  /** Secret with the runtime configuration. */
  readonly secretName: string | undefined;
  /** Changes with the values of Secrets and ConfigMaps that pods read once. */
  readonly restartKey: string | undefined;
}

/** Name of the port that the Service leads to. */
export const PORT_NAME = "http-app";

/** The Deployment of a SpinApp: exactly the fields that we own. */
export function deploymentFor(
  id: SpinId,
  app: SpinAppObject,
  executor: ExecutorObject,
  pods: PodConfig,
): PartialObject {
  const { spec } = app;
  const labels = { [appNameLabel(id.group)]: id.name };
  const podLabels = { ...labels, [statusLabel(id)]: "ready" };
  return {
    metadata: {
      name: id.name,
      namespace: id.namespace,
      labels,
      ...some("annotations", spec.deploymentAnnotations),
      ownerReferences: [ownerOf(id, app)],
    },
    spec: {
      ...(spec.enableAutoscaling === true ? {} : { replicas: spec.replicas ?? 1 }),
      selector: { matchLabels: podLabels },
      template: {
        metadata: { labels: { ...spec.podLabels, ...podLabels }, ...some("annotations", annotationsOf(id, app, pods)) },
        spec: podSpec(id, app, executor, pods),
      },
    },
  };
}

function annotationsOf({ group }: SpinId, { spec }: SpinAppObject, { restartKey }: PodConfig): object {
  return { ...spec.podAnnotations, ...(restartKey === undefined ? {} : { [`${group}/references`]: restartKey }) };
}

function podSpec(id: SpinId, app: SpinAppObject, executor: ExecutorObject, { secretName }: PodConfig): object {
  const { spec } = app;
  const { volumes, mounts } = volumesOf(app, executor, secretName);
  const container = {
    name: id.name,
    ...program(app, executor, secretName),
    ...defined({ imagePullPolicy: spec.imagePullPolicy, securityContext: spec.securityContext }),
    ports: [{ name: PORT_NAME, containerPort: spec.port ?? DEFAULT_PORT, protocol: "TCP" }],
    env: environmentOf(app, executor),
    ...some("resources", spec.resources),
    ...defined({ livenessProbe: probe(app, "liveness"), readinessProbe: probe(app, "readiness") }),
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
  };
  return {
    ...defined({ runtimeClassName: executor.spec.deploymentConfig?.runtimeClassName }),
    serviceAccountName: spec.serviceAccountName ?? "default",
    ...placement(app),
    ...defined({ imagePullSecrets: pullSecrets(app), securityContext: spec.podSecurityContext }),
    containers: [container, ...(spec.sidecars ?? [])],
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}

function placement({ spec }: SpinAppObject): object {
  const { nodeSelector, tolerations, affinity, topologySpreadConstraints } = spec;
  return defined({ nodeSelector, tolerations, affinity, topologySpreadConstraints });
}

/** Each once: the server cannot merge a list that names one twice. */
function pullSecrets({ spec }: SpinAppObject): readonly object[] | undefined {
  const secrets = spec.imagePullSecrets;
  return secrets?.filter(({ name }, index) => secrets.findIndex((other) => other.name === name) === index);
}

/** The application itself, through a shim; or the command line of Spin, which fetches it. */
function program({ spec }: SpinAppObject, executor: ExecutorObject, configSecret: string | undefined): object {
  const image = executor.spec.deploymentConfig?.spinImage;
  // The shim does not use the command, but containerd wants one.
  if (image === undefined) return { image: spec.image, command: ["/"] };
  const config = configSecret === undefined ? [] : ["--runtime-config-file", CONFIG_PATH];
  const components = (spec.components ?? []).flatMap((id) => ["--component-id", id]);
  const listen = `0.0.0.0:${spec.port ?? DEFAULT_PORT}`;
  return { image, args: ["up", "--listen", listen, "-f", spec.image, ...config, ...components] };
}

function probe({ spec }: SpinAppObject, kind: "liveness" | "readiness"): object | undefined {
  const given = spec.checks?.[kind];
  if (given === undefined) return undefined;
  return { ...given, httpGet: { ...given.httpGet, port: spec.port ?? DEFAULT_PORT } };
}

/** The field, unless it is absent or empty. */
function some(field: string, value: object | undefined): object {
  return value === undefined || Object.keys(value).length === 0 ? {} : { [field]: value };
}

function defined(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

import { SPIN_GROUP, SPIN_VERSION } from "@rcm/crds";
import type { AppOptions } from "./app-options.ts";
import { autoscalerObject } from "./autoscaler-object.ts";
import { configMark } from "./config-mark.ts";
import type { Manifest } from "./manifest.ts";
import type { Amounts } from "./quantities.ts";
import type { Variable } from "./variables.ts";

export interface AppSurroundings {
  /** Of the objects; without it they go where they are applied. */
  readonly namespace: string | undefined;
  /** Content of the file with the runtime configuration. */
  readonly runtimeConfig: Uint8Array | undefined;
  /** Whether the pods bear a mark of this content. @default false */
  readonly hasConfigMark?: boolean;
}

export interface AppParts {
  readonly app: Manifest;
  /** With its runtime configuration. */
  readonly secret: Manifest | undefined;
  readonly autoscaler: Manifest | undefined;
}

/** The SpinApp, a Secret with its runtime configuration and its autoscaler, where they are wanted; in this order. */
export function appObjects(options: AppOptions, surroundings: AppSurroundings): readonly Manifest[] {
  const { app, secret, autoscaler } = appParts(options, surroundings);
  return [app, secret, autoscaler].filter((part) => part !== undefined);
}

/** The same, each by its part. */
export function appParts(
  options: AppOptions,
  { namespace, runtimeConfig, hasConfigMark = false }: AppSurroundings,
): AppParts {
  const { name, autoscaler } = options;
  const place = namespace === undefined ? {} : { namespace };
  const secretName = `${name}-runtime-config`;
  const ofConfig =
    runtimeConfig === undefined
      ? {}
      : {
          ...(hasConfigMark ? { podAnnotations: configMark(runtimeConfig) } : {}),
          runtimeConfig: { loadFromSecret: secretName },
        };
  return {
    app: {
      apiVersion: `${SPIN_GROUP}/${SPIN_VERSION}`,
      kind: "SpinApp",
      metadata: { name, ...place },
      spec: { ...specOf(options), ...ofConfig },
    },
    secret: runtimeConfig === undefined ? undefined : secretOf({ name: secretName, ...place }, runtimeConfig),
    autoscaler: autoscaler === undefined ? undefined : autoscalerObject(options, autoscaler, place),
  };
}

function specOf(options: AppOptions): Readonly<Record<string, unknown>> {
  const { image, executor, replicas, autoscaler, serviceAccountName, variables, components } = options;
  return defined({
    image,
    executor,
    ...(autoscaler === undefined ? { replicas } : { enableAutoscaling: true }),
    podLabels: options.hasAzureIdentity ? { "azure.workload.identity/use": "true" } : undefined,
    serviceAccountName,
    variables: unlessEmpty(variables.map((variable) => variableOf(variable))),
    components: unlessEmpty(components),
    resources: resourcesOf(options),
    imagePullSecrets: unlessEmpty(options.imagePullSecrets.map((name) => ({ name }))),
  });
}

function variableOf({ name, from }: Variable): object {
  if (from.kind === "value") return { name, value: from.value };
  return { name, valueFrom: { secretKeyRef: { name: from.secret, key: from.key } } };
}

function resourcesOf({ resources: { limits, requests } }: AppOptions): object | undefined {
  const resources = defined({ limits: amountsOf(limits), requests: amountsOf(requests) });
  return Object.keys(resources).length === 0 ? undefined : resources;
}

/** Whole numbers are printed as such, like upstream's. */
function amountsOf({ cpu, memory }: Amounts): object | undefined {
  const amounts = defined({ cpu: amountOf(cpu), memory: amountOf(memory) });
  return Object.keys(amounts).length === 0 ? undefined : amounts;
}

function amountOf(text: string | undefined): string | number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : text;
}

function secretOf(metadata: Manifest["metadata"], content: Uint8Array): Manifest {
  const data = { "runtime-config.toml": Buffer.from(content).toString("base64") };
  return { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data };
}

function unlessEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function defined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

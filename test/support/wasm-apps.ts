/** Kubernetes objects that run Wasm components. All have the label `app=rcm-test`. */

/** Of these tests' pods. */
export const WASM_CLASS = "wasm-e2e";
const PORT = 8080;

export interface WasmApp {
  readonly name: string;
  readonly image: string;
  readonly runtimeClass?: string;
  /** For the container: `args`, `resources`, probes and so on. */
  readonly container?: object;
  readonly spec?: object;
}

/** A Deployment of `replicas` pods, spread over the nodes, and a Service in front of it. */
export function deploymentOf(app: WasmApp, replicas: number): readonly object[] {
  const { name } = app;
  const labels = { app: "rcm-test", "rcm-test": name };
  const selector = { "rcm-test": name };
  const metadata = { name, labels };
  const template = { metadata: { labels }, spec: { ...podSpec(app), topologySpreadConstraints: [spread(selector)] } };
  const strategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
  const spec = { replicas, selector: { matchLabels: selector }, strategy, template };
  return [
    { apiVersion: "apps/v1", kind: "Deployment", metadata, spec },
    { apiVersion: "v1", kind: "Service", metadata, spec: { selector, ports: [{ port: 80, targetPort: PORT }] } },
  ];
}

/** A pod on one node; its name ends with the node's. */
export function podOn(node: string, app: WasmApp): object {
  const metadata = { name: `${app.name}-${node}`, labels: { app: "rcm-test" } };
  const spec = { ...podSpec(app), nodeSelector: { "kubernetes.io/hostname": node } };
  return { apiVersion: "v1", kind: "Pod", metadata, spec };
}

/** A Job whose `count` pods are spread over the nodes; none is tried again. */
export function jobOf(app: WasmApp, count: number): object {
  const { name } = app;
  const labels = { app: "rcm-test", "rcm-test": name };
  const pod = { ...podSpec(app), restartPolicy: "Never", topologySpreadConstraints: [spread({ "rcm-test": name })] };
  const spec = {
    completions: count,
    parallelism: count,
    backoffLimit: 0,
    template: { metadata: { labels }, spec: pod },
  };
  return { apiVersion: "batch/v1", kind: "Job", metadata: { name, labels }, spec };
}

export function list(items: readonly object[]): object {
  return { apiVersion: "v1", kind: "List", items };
}

function podSpec({ image, runtimeClass = WASM_CLASS, container = {}, spec = {} }: WasmApp): object {
  const env = [{ name: "PORT", value: String(PORT) }];
  const readinessProbe = { httpGet: { path: "/", port: PORT }, periodSeconds: 1, timeoutSeconds: 5 };
  const main = { name: "main", image, env, ports: [{ containerPort: PORT }], readinessProbe, ...container };
  return { runtimeClassName: runtimeClass, automountServiceAccountToken: false, containers: [main], ...spec };
}

function spread(selector: Readonly<Record<string, string>>): object {
  return {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: selector },
  };
}

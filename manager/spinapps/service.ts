import type { PartialObject } from "@rcm/lib/kube";
import { appNameLabel, statusLabel, type SpinId } from "./app-id.ts";
import { PORT_NAME } from "./deployment.ts";
import { ownerOf } from "./owner.ts";
import type { SpinAppObject } from "./spinapp-object.ts";

const DEFAULT_PORT = 80;

/** The Service of a SpinApp. It selects by the status alone, so that other executors can bring pods of their own. */
export function serviceFor(id: SpinId, app: SpinAppObject): PartialObject {
  const { serviceAnnotations = {}, serviceType, servicePort = DEFAULT_PORT } = app.spec;
  return {
    metadata: {
      name: id.name,
      namespace: id.namespace,
      labels: { [appNameLabel(id.group)]: id.name },
      ...(Object.keys(serviceAnnotations).length === 0 ? {} : { annotations: serviceAnnotations }),
      ownerReferences: [ownerOf(id, app)],
    },
    spec: {
      type: serviceType ?? "ClusterIP",
      selector: { [statusLabel(id)]: "ready" },
      ports: [{ protocol: "TCP", port: servicePort, targetPort: PORT_NAME }],
    },
  };
}

/** Where the application answers, within the cluster or, by a load balancer, from outside. */
export function addressOf({ namespace, name }: SpinId, { spec }: SpinAppObject, outside: string | undefined): string {
  const port = spec.servicePort ?? DEFAULT_PORT;
  const host = outside ?? `${name}.${namespace}.svc`;
  const quoted = host.includes(":") ? `[${host}]` : host;
  return `http://${quoted}${port === DEFAULT_PORT ? "" : `:${port}`}`;
}

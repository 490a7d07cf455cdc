import type { Socket } from "node:net";
import { messageOf } from "@rcm/lib/errors";
import type { Kube } from "@rcm/lib/kube";
import { appHere } from "../app-here.ts";
import { withCluster, type Cluster } from "../cluster/cluster.ts";
import { findReadyPod, NO_PODS } from "../cluster/find-ready-pod.ts";
import { forwardToPod } from "../cluster/forward-to-pod.ts";
import { findPodsOfApp, podName, portOf, type PodsOfApp } from "../cluster/pods.ts";
import { readinessOf } from "../cluster/readiness.ts";
import { serveConnections } from "../cluster/serve-connections.ts";
import { getSpinApp } from "../cluster/spin-apps.ts";
import { defineCommand, type Io } from "../command.ts";
import { CliError } from "../errors.ts";
import { CONNECTION_FLAGS, readConnection } from "../flags/connection-flags.ts";
import type { FlagValues } from "../flags/flag-values.ts";
import type { FlagTable } from "../flags/flag.ts";
import { givenName, NAME_ARGUMENT } from "./named-app.ts";

const FLAGS: FlagTable = {
  "local-port": { kind: "text", short: "p", help: "port of this machine; one that is free when it is not given" },
  selector: { kind: "text", short: "l", help: "labels of the pods, in place of a name" },
  "field-selector": { kind: "text", help: "fields of the pods, in place of a name" },
  "pod-running-timeout": { kind: "duration", default: "30s", help: "how long to wait for a pod that is ready" },
  ...CONNECTION_FLAGS,
};

export const CONNECT = defineCommand({
  name: "connect",
  summary: "Reach an application from this machine; by default that of the spin.toml in this folder",
  argument: NAME_ARGUMENT,
  flags: FLAGS,
  validate: (values) => ({
    connection: readConnection(values),
    given: givenName(values),
    localPort: readLocalPort(values),
    labels: values.optional("selector"),
    fieldSelector: values.optional("field-selector"),
    timeoutMs: values.timeoutMs("pod-running-timeout"),
  }),
  async run({ connection, given, localPort, labels, fieldSelector, timeoutMs }, io, signal) {
    const hasSelector = labels !== undefined || fieldSelector !== undefined;
    const name = given ?? (hasSelector ? undefined : await appHere(io));
    if (name === undefined && !hasSelector) {
      throw new CliError("USAGE", "either one of <name>, --field-selector, or --selector is required");
    }
    await withCluster(connection, io, async (cluster) => {
      const { kube, namespace } = cluster;
      const ofApp = name === undefined ? undefined : await podsOf(kube, { name, namespace }, signal);
      const labelSelector = [ofApp?.labelSelector, labels].filter((part) => part !== undefined).join(",");
      const selection = { namespace, labelSelector, fieldSelector };
      await forward(cluster, { wanted: { selection, timeoutMs }, localPort }, io, signal);
    });
  },
});

/** @throws {CliError} `NOT_FOUND` says that there is no such application, or why it has no pods. */
async function podsOf(
  kube: Kube,
  app: { readonly name: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<PodsOfApp> {
  const found = await findPodsOfApp(kube, app, signal);
  if (found.pods.length > 0) return found;
  const { text } = readinessOf(await getSpinApp(kube, app, signal));
  throw new CliError("NOT_FOUND", `${NO_PODS}: ${text}`);
}

function readLocalPort(values: FlagValues): number {
  const text = values.optional("local-port");
  if (text === undefined) return 0;
  if (text.includes(":")) throw new CliError("USAGE", "local port should not contain ':' character");
  return values.integer("local-port", { min: 0, max: 65_535 });
}

interface Forwarding {
  readonly wanted: Parameters<typeof findReadyPod>[1];
  readonly localPort: number;
}

/** Each connection goes to a pod that is ready then: the one of before may be gone. */
async function forward(
  { kube, config, namespace }: Cluster,
  { wanted, localPort }: Forwarding,
  { stdout, stderr }: Io,
  signal: AbortSignal,
): Promise<void> {
  const first = await findReadyPod(kube, wanted, signal);
  await serveConnections(
    {
      port: localPort,
      onListening(port) {
        stdout.write(`Forwarding from http://127.0.0.1:${port} to port ${portOf(first)} of pod ${podName(first)}\n`);
      },
      onProblem(problem) {
        stderr.write(`${problem instanceof CliError ? problem.message : messageOf(problem)}\n`);
      },
      async connect(socket: Socket, ending: AbortSignal) {
        const pod = await findReadyPod(kube, wanted, ending);
        await forwardToPod(config, { namespace, pod: podName(pod), port: portOf(pod) }, socket, ending);
      },
    },
    signal,
  );
}

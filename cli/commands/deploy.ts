import { APP_FLAGS } from "../app/app-flags.ts";
import { appObjects, appParts } from "../app/app-objects.ts";
import { readAppOptions, type AppOptions } from "../app/app-options.ts";
import { manifestText } from "../app/manifest-text.ts";
import { withCluster, type Cluster } from "../cluster/cluster.ts";
import { isDeployedByOperator } from "../cluster/executors.ts";
import { waitUntilReady } from "../cluster/wait-until-ready.ts";
import { defineCommand, type Io } from "../command.ts";
import { CONNECTION_FLAGS, readConnection } from "../flags/connection-flags.ts";
import type { FlagTable } from "../flags/flag.ts";
import { applyApp, type Talk } from "./apply-app.ts";
import { readRuntimeConfig } from "./scaffold.ts";

const { "image-pull-secret": imagePullSecret, ...otherFlags } = APP_FLAGS;

const FLAGS: FlagTable = {
  ...otherFlags,
  // Without a letter: `-s` is the server, as in all commands that talk to one.
  "image-pull-secret": { kind: imagePullSecret.kind, help: imagePullSecret.help },
  "dry-run": { kind: "switch", help: "print the manifest that scaffold writes, and apply nothing; needs no cluster" },
  wait: { kind: "switch", help: "wait until the application is ready" },
  timeout: { kind: "duration", default: "5m", help: "how long to wait" },
  ...CONNECTION_FLAGS,
};

export const DEPLOY = defineCommand({
  name: "deploy",
  summary: "Put an application on a cluster",
  flags: FLAGS,
  validate: (values) => ({
    app: readAppOptions(values),
    connection: readConnection(values),
    isDryRun: values.isOn("dry-run"),
    timeoutMs: values.isOn("wait") ? values.timeoutMs("timeout") : undefined,
  }),
  async run({ app, connection, isDryRun, timeoutMs }, io, signal) {
    const runtimeConfig = await readRuntimeConfig(app, io.cwd);
    const surroundings = { namespace: connection.namespace, runtimeConfig };
    if (isDryRun) {
      io.stdout.write(manifestText(appObjects(app, surroundings)));
      return;
    }
    await withCluster(connection, io, async (cluster) => {
      const hasConfigMark = runtimeConfig !== undefined && (await mayHaveMark(cluster, app, io, signal));
      await applyApp(cluster, appParts(app, { ...surroundings, hasConfigMark }), talkTo(io), signal);
      if (timeoutMs !== undefined) await follow(cluster, { name: app.name, timeoutMs }, io, signal);
    });
  },
});

/** Only the operator's own pods may: an application that another program runs would be refused for it. */
async function mayHaveMark(
  { kube, namespace }: Cluster,
  { executor }: AppOptions,
  io: Io,
  signal: AbortSignal,
): Promise<boolean> {
  function onHidden(problem: string): void {
    talkTo(io).onWarning(`A new runtime configuration alone may count as ready too early: ${problem}`);
  }
  return isDeployedByOperator(kube, { namespace, executor, onHidden }, signal);
}

function talkTo({ stdout, stderr }: Io): Talk {
  return {
    onDone: (text) => void stdout.write(`${text}\n`),
    onWarning: (text) => void stderr.write(`Warning: ${text}\n`),
  };
}

async function follow(
  { kube, namespace }: Cluster,
  { name, timeoutMs }: { readonly name: string; readonly timeoutMs: number },
  { stdout, stderr }: Io,
  signal: AbortSignal,
): Promise<void> {
  function onProgress(text: string): void {
    stderr.write(`Waiting for "${name}": ${text}\n`);
  }
  const text = await waitUntilReady(kube, { name, namespace, timeoutMs, onProgress }, signal);
  stdout.write(`"${name}" is ready: ${text}\n`);
}

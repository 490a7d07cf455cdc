import { withDeadline } from "@rcm/lib/deadline";
import { messageOf } from "@rcm/lib/errors";
import type { KubeClient } from "@rcm/lib/kube-client";
import { withCluster } from "../../cluster/cluster.ts";
import { defineCommand, type Io } from "../../command.ts";
import { logPath } from "../../commands/log-path.ts";
import { CliError } from "../../errors.ts";
import { CLUSTER_FLAGS, readConnection } from "../../flags/connection-flags.ts";
import { prefixLines } from "../../output/prefix-lines.ts";
import { writeChunks } from "../../output/write-chunks.ts";
import { begunContainers, chosenPods, installerPods, nodeOf, type InstallerPod } from "../installer-pods.ts";
import { CLIENT, getShim, SHIM_ARGUMENT, shimName } from "../shims.ts";

/** For the whole log of one container. */
const LOG_MS = 60_000;

export const LOGS = defineCommand({
  name: "logs",
  summary: "Show what the installer said on each node of a shim, the last try of each",
  argument: SHIM_ARGUMENT,
  flags: {
    node: { kind: "list", help: "only these nodes" },
    all: { kind: "switch", help: "all tries that are still known" },
    tail: { kind: "integer", default: "-1", help: "show only so many lines of each container's end; -1 for all" },
    timestamps: { kind: "switch", help: "begin each line with its time" },
    namespace: { kind: "text", short: "n", help: "namespace of the manager; all are looked at if it is not given" },
    ...CLUSTER_FLAGS,
  },
  validate: (values) => ({
    connection: readConnection(values),
    shim: shimName(values),
    choice: { nodes: values.list("node"), isAll: values.isOn("all") },
    log: {
      isFollowed: false,
      isPrevious: false,
      hasTimestamps: values.isOn("timestamps"),
      tailLines: values.integer("tail", { min: -1, max: 2_147_483_647 }),
      sinceMs: 0,
      container: undefined,
    },
  }),
  async run({ connection, shim, choice, log }, io, signal) {
    await withCluster(
      connection,
      io,
      async ({ kube }) => {
        await getShim(kube, shim, signal);
        const pods = chosenPods(await installerPods(kube, shim, connection.namespace, signal), choice);
        if (pods.length === 0) {
          const where = choice.nodes.length === 0 ? "" : ` on ${choice.nodes.join(", ")}`;
          const remedy = `kubectl shim status ${shim} says what came of them`;
          throw new CliError("NOT_FOUND", `No installer of shim "${shim}" is still known${where}: ${remedy}`);
        }
        const parts = pods.flatMap((pod) => begunContainers(pod).map((container) => partOf(pod, container, log)));
        await printAll(parts, { kube, io }, signal);
      },
      CLIENT,
    );
  },
});

interface Part {
  readonly what: string;
  readonly path: string;
  readonly prefix: string;
}

function partOf(pod: InstallerPod, container: string, log: Parameters<typeof logPath>[1]): Part {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  return {
    what: `logs of container "${container}" of pod "${namespace}/${name}"`,
    path: logPath({ namespace, name, container }, log),
    prefix: `[${nodeOf(pod)} ${container}] `,
  };
}

/** One after another. One that fails does not hide the others. */
async function printAll(
  parts: readonly Part[],
  { kube, io }: { readonly kube: KubeClient; readonly io: Io },
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  for (const { what, path, prefix } of parts) {
    try {
      await withDeadline(
        { ms: LOG_MS, expired: () => new CliError("CONNECTION", `Cannot get ${what} within ${LOG_MS / 1000} s`) },
        async (limited) => writeChunks(prefixLines(await kube.read(what, path, limited), prefix), io.stdout, limited),
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      io.stderr.write(`${messageOf(error)}\n`);
      failures += 1;
    }
  }
  if (failures > 0) throw new CliError("CONNECTION", `${failures} of ${parts.length} logs are not complete`);
}

import { withDeadline } from "@rcm/lib/deadline";
import { messageOf } from "@rcm/lib/errors";
import { withCluster, type Cluster } from "../cluster/cluster.ts";
import type { PodObject } from "../cluster/kinds.ts";
import { containerOf, findPodsOfApp, podName } from "../cluster/pods.ts";
import { readinessOf } from "../cluster/readiness.ts";
import { getSpinApp } from "../cluster/spin-apps.ts";
import { defineCommand, type Io } from "../command.ts";
import { CliError } from "../errors.ts";
import { CONNECTION_FLAGS, readConnection } from "../flags/connection-flags.ts";
import type { FlagValues } from "../flags/flag-values.ts";
import type { FlagTable } from "../flags/flag.ts";
import { prefixLines } from "../output/prefix-lines.ts";
import { writeChunks } from "../output/write-chunks.ts";
import { logPath, type LogOptions } from "./log-path.ts";
import { givenName, NAME_ARGUMENT, namedApp } from "./named-app.ts";

/** For the whole log of one pod, if it is not followed. */
const LOG_MS = 10 * 60_000;
/** Connections at a time. */
const MAX_FOLLOWED = 50;

const FLAGS: FlagTable = {
  follow: { kind: "switch", short: "f", help: "go on with what the pods write from now on" },
  previous: { kind: "switch", short: "p", help: "show what the container wrote before it was started again" },
  container: { kind: "text", short: "c", help: "container of the pods, if not the application's" },
  tail: { kind: "integer", default: "-1", help: "show only so many lines of the end; -1 for all" },
  since: { kind: "duration", default: "0", help: "show only what is not older than this, such as 5m; 0 for all" },
  "since-time": { kind: "text", help: "show only what is not older than this time, such as 2026-11-27T12:00:00Z" },
  "limit-bytes": { kind: "integer", default: "0", help: "show only so many bytes of each pod's log; 0 for all" },
  prefix: { kind: "switch", help: "begin each line with its pod; by default if there are several" },
  timestamps: { kind: "switch", help: "begin each line with its time" },
  ...CONNECTION_FLAGS,
};

export const LOGS = defineCommand({
  name: "logs",
  summary: "Show what the pods of an application write; by default that of the spin.toml in this folder",
  argument: NAME_ARGUMENT,
  flags: FLAGS,
  validate: (values) => ({
    connection: readConnection(values),
    given: givenName(values),
    log: readLog(values),
    prefix: values.text("prefix"),
  }),
  async run({ connection, given, log, prefix }, io, signal) {
    const name = await namedApp(given, io);
    await withCluster(connection, io, async (cluster) => {
      const pods = await podsOf(cluster, name, signal);
      if (log.isFollowed && pods.length > MAX_FOLLOWED) {
        const problem = `it has ${pods.length} pods, and ${MAX_FOLLOWED} can be followed at a time`;
        throw new CliError("USAGE", `Cannot follow the logs of "${name}": ${problem}: leave out --follow`);
      }
      const isPrefixed = prefix === "" ? pods.length > 1 : prefix === "true";
      const logs = pods.map((pod) => ({ pod, app: name, prefix: isPrefixed ? `[pod/${podName(pod)}] ` : "" }));
      await printLogs(logs, { options: log, cluster, io }, signal);
    });
  },
});

/** RFC 3339, as the API server takes it. */
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function readLog(values: FlagValues): LogOptions {
  const sinceTime = values.matching("since-time", TIME, "a time such as 2026-11-27T12:00:00Z");
  const sinceMs = values.durationMs("since");
  if (sinceTime !== undefined && sinceMs > 0) {
    throw new CliError("USAGE", "at most one of --since-time and --since may be used");
  }
  const limitBytes = values.integer("limit-bytes", { min: 0, max: Number.MAX_SAFE_INTEGER });
  return {
    isFollowed: values.isOn("follow"),
    isPrevious: values.isOn("previous"),
    hasTimestamps: values.isOn("timestamps"),
    tailLines: values.integer("tail", { min: -1, max: 2_147_483_647 }),
    sinceMs,
    sinceTime,
    ...(limitBytes === 0 ? {} : { limitBytes }),
    container: values.optional("container"),
  };
}

/** @throws {CliError} `NOT_FOUND` says why it has none. */
async function podsOf({ kube, namespace }: Cluster, name: string, signal: AbortSignal): Promise<readonly PodObject[]> {
  const { pods } = await findPodsOfApp(kube, { name, namespace }, signal);
  if (pods.length > 0) return pods;
  const { text } = readinessOf(await getSpinApp(kube, { name, namespace }, signal));
  throw new CliError("NOT_FOUND", `The application "${name}" has no pods: ${text}`);
}

interface PodLog {
  readonly pod: PodObject;
  readonly app: string;
  readonly prefix: string;
}

interface LogWork {
  readonly options: LogOptions;
  readonly cluster: Cluster;
  readonly io: Io;
}

/** All at once when they are followed, else one after another. One that fails does not hide the others. */
async function printLogs(logs: readonly PodLog[], work: LogWork, signal: AbortSignal): Promise<void> {
  const [only] = logs;
  const { isFollowed } = work.options;
  if (only !== undefined && logs.length === 1) {
    await printLog(only, work, signal);
    return;
  }
  const printing: Promise<boolean>[] = [];
  for (const log of logs) {
    const success = printLog(log, work, signal).then(
      () => true,
      (error: unknown) => {
        if (!signal.aborted) work.io.stderr.write(`${messageOf(error)}\n`);
        return false;
      },
    );
    printing.push(success);
    if (!isFollowed) await success;
  }
  const failures = (await Promise.all(printing)).filter((success) => !success).length;
  if (failures === 0) return;
  signal.throwIfAborted();
  throw new CliError("CONNECTION", `The logs of ${failures} of ${logs.length} pods are not complete`);
}

async function printLog(
  { pod, app, prefix }: PodLog,
  { options, cluster: { kube, namespace }, io }: LogWork,
  signal: AbortSignal,
): Promise<void> {
  const name = podName(pod);
  const path = logPath({ namespace, name, container: containerOf(pod, app) }, options);
  async function print(limited: AbortSignal): Promise<void> {
    const chunks = await kube.read(`logs of pod "${namespace}/${name}"`, path, limited);
    await writeChunks(prefix === "" ? chunks : prefixLines(chunks, prefix), io.stdout, limited);
  }
  if (options.isFollowed) return print(signal);
  function expired(): Error {
    return new CliError(
      "CONNECTION",
      `Cannot get the logs of pod "${name}": they do not end within ${LOG_MS / 60_000} min`,
    );
  }
  return withDeadline({ ms: LOG_MS, expired }, print, signal);
}

import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "@rcm/lib/deadline";
import type { Kube } from "@rcm/lib/kube";
import { withCluster } from "../../cluster/cluster.ts";
import { unlessAway } from "../../cluster/unless-away.ts";
import { defineCommand } from "../../command.ts";
import { CliError } from "../../errors.ts";
import { CLUSTER_FLAGS, readCluster } from "../../flags/connection-flags.ts";
import { readinessOfShim } from "../shim-readiness.ts";
import { nodeLine } from "../shim-report.ts";
import { CLIENT, getShim, SHIM_ARGUMENT, shimName, type ShimObject } from "../shims.ts";

const POLL_MS = 500;

export const WAIT = defineCommand({
  name: "wait",
  summary: "Wait until every node of a shim has the wanted version; ends at once where that cannot be",
  argument: SHIM_ARGUMENT,
  flags: { timeout: { kind: "duration", default: "10m", help: "how long to wait" }, ...CLUSTER_FLAGS },
  validate: (values) => ({
    connection: readCluster(values),
    shim: shimName(values),
    timeoutMs: values.timeoutMs("timeout"),
  }),
  async run({ connection, shim, timeoutMs }, io, signal) {
    await withCluster(
      connection,
      io,
      async ({ kube }) => {
        const text = await waitUntilReady(kube, { shim, timeoutMs, onNews: (line) => io.stderr.write(line) }, signal);
        io.stdout.write(`shim "${shim}" is ready: ${text}\n`);
      },
      CLIENT,
    );
  },
});

interface Wait {
  readonly shim: string;
  readonly timeoutMs: number;
  /** Told what is new about a node, and that the cluster is away, a line at a time. */
  readonly onNews: (line: string) => void;
}

/**
 * @returns what its condition says then.
 * @throws {CliError} `NOT_READY` says why it is not; `NOT_FOUND` when it is deleted meanwhile. What the first look throws;
 *   a cluster that has answered once may be away for a while.
 */
async function waitUntilReady(kube: Kube, { shim, timeoutMs, onNews }: Wait, signal: AbortSignal): Promise<string> {
  const told = new Map<string, string>();
  let last = "nothing is known of it";
  function tell(about: string, line: string): void {
    if (told.get(about) !== line) onNews(`${line}\n`);
    told.set(about, line);
  }
  function onAway(problem: string): void {
    last = problem;
    tell("", problem);
  }
  function expired(): Error {
    return new CliError("NOT_READY", `The shim "${shim}" is not ready after ${timeoutMs / 1000} s: ${last}`);
  }
  function judge(object: ShimObject): boolean {
    told.delete("");
    for (const node of object.status?.nodeStates ?? []) tell(node.name, nodeLine(node));
    const { state, text } = readinessOfShim(object);
    if (state === "stuck") throw new CliError("NOT_READY", `The shim "${shim}" does not become ready: ${text}`);
    last = text;
    return state === "ready";
  }
  async function look(limited: AbortSignal): Promise<string> {
    let object: ShimObject | undefined = await getShim(kube, shim, limited);
    while (object === undefined || !judge(object)) {
      await sleep(POLL_MS, undefined, { signal: limited });
      object = await unlessAway(getShim(kube, shim, limited), onAway);
    }
    return last;
  }
  return withDeadline({ ms: timeoutMs, expired }, look, signal);
}

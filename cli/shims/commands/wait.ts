import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "@rcm/lib/deadline";
import type { Kube } from "@rcm/lib/kube";
import { withCluster } from "../../cluster/cluster.ts";
import { defineCommand } from "../../command.ts";
import { CliError } from "../../errors.ts";
import { CLUSTER_FLAGS, readCluster } from "../../flags/connection-flags.ts";
import { readinessOfShim } from "../shim-readiness.ts";
import { nodeLine } from "../shim-report.ts";
import { CLIENT, getShim, SHIM_ARGUMENT, shimName } from "../shims.ts";

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
  async run({ connection, shim, timeoutMs }, { stdout, stderr }, signal) {
    await withCluster(
      connection,
      stderr,
      async ({ kube }) => {
        const text = await waitUntilReady(kube, { shim, timeoutMs, onNews: (line) => stderr.write(line) }, signal);
        stdout.write(`shim "${shim}" is ready: ${text}\n`);
      },
      CLIENT,
    );
  },
});

interface Wait {
  readonly shim: string;
  readonly timeoutMs: number;
  /** Told what is new about a node, a line at a time. */
  readonly onNews: (line: string) => void;
}

/**
 * @returns what its condition says then.
 * @throws {CliError} `NOT_READY` says why it is not; `NOT_FOUND` when it is deleted meanwhile.
 */
async function waitUntilReady(kube: Kube, { shim, timeoutMs, onNews }: Wait, signal: AbortSignal): Promise<string> {
  let last = "nothing is known of it";
  function expired(): Error {
    return new CliError("NOT_READY", `The shim "${shim}" is not ready after ${timeoutMs / 1000} s: ${last}`);
  }
  async function look(limited: AbortSignal): Promise<string> {
    const told = new Map<string, string>();
    for (;;) {
      const object = await getShim(kube, shim, limited);
      for (const node of object.status?.nodeStates ?? []) {
        const line = nodeLine(node);
        if (told.get(node.name) !== line) onNews(`${line}\n`);
        told.set(node.name, line);
      }
      const { state, text } = readinessOfShim(object);
      if (state === "ready") return text;
      if (state === "stuck") throw new CliError("NOT_READY", `The shim "${shim}" does not become ready: ${text}`);
      last = text;
      await sleep(POLL_MS, undefined, { signal: limited });
    }
  }
  return withDeadline({ ms: timeoutMs, expired }, look, signal);
}

import { join } from "node:path";
import { DNS_SERVICE_ADDRESS } from "../cluster/index.ts";
import type { Cluster } from "../cluster/index.ts";
import { runCommand } from "../cluster/run-command.ts";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const PROGRAM = join(import.meta.dirname, "ask-child.ts");
const DEADLINE_MS = 70_000;

/** One request from a node to an address or a name of the cluster. @param body makes it a POST. */
export async function ask(cluster: Cluster, node: string, url: string, body?: string): Promise<Answer> {
  const method = body === undefined ? "GET" : "POST";
  const argv = [...(await cluster.enterNetwork(node)), process.execPath, PROGRAM, url, DNS_SERVICE_ADDRESS, method];
  const options = { timeoutMs: DEADLINE_MS, stdin: body ?? "" };
  return JSON.parse(await runCommand(argv, options, AbortSignal.timeout(DEADLINE_MS))) as Answer;
}

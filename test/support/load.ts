import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Cluster } from "../cluster/index.ts";
import { ask } from "./ask.ts";
import { eventually } from "./kubectl.ts";

/** What came of many requests. */
export interface LoadReport {
  readonly requests: number;
  readonly slowestMs: number;
  /** One line for each. */
  readonly failures: readonly string[];
  /** How often each text was the answer, with status 200. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface LoadOptions {
  readonly url: string;
  /** The node in whose network the clients are. */
  readonly node: string;
  /** That many requests at least. */
  readonly least: number;
  readonly clients?: number;
  /** Of each client between two requests. */
  readonly pauseMs?: number;
  /** It has begun when there are so many different answers: kube-proxy learns of a Service's pods little by little. */
  readonly different?: number;
}

const PROGRAM = join(import.meta.dirname, "load-child.ts");
const LONGEST_MS = 300_000;
const FIRST_MS = 20_000;

/** Requests without end. `stop` ends them and says how they went. */
export interface Load {
  stop(): Promise<LoadReport>;
}

/**
 * Starts to ask, once there is an answer: kube-proxy refuses connections to a Service until it knows of a pod. Half of the clients keep
 * their connections, the others make new ones. Returns after the first answers.
 */
export async function startLoad(cluster: Cluster, options: LoadOptions): Promise<Load> {
  const { url, node, least, clients = 20, pauseMs = 10, different = 1 } = options;
  await eventually(`an answer of ${url}`, FIRST_MS, async () => ask(cluster, node, url));
  const [command = "", ...entering] = await cluster.enterNetwork(node);
  const numbers = [least, clients, pauseMs, different].map(String);
  const argv = [...entering, process.execPath, PROGRAM, url, ...numbers];
  const child = spawn(command, argv, { stdio: ["pipe", "pipe", "inherit"], timeout: LONGEST_MS });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.value !== "begun") throw new Error(`Cannot ask ${url}: ${String(first.value)}`);
  return {
    stop: async () => {
      child.stdin.end();
      const report = await lines.next();
      if (report.done === true) throw new Error(`The requests to ${url} ended without a report`);
      return JSON.parse(report.value) as LoadReport;
    },
  };
}

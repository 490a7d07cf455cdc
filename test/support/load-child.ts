/**
 * Asks a URL again and again until its input ends and it has asked often enough. It prints the line "begun" when it has its
 * first answers, and a LoadReport at the end. Half of the clients keep their connection as long as the server does, the
 * others make a new one for each request. Nothing is tried again. Runs in the network of a node:
 * node load-child.ts URL LEAST CLIENTS PAUSE_MS DIFFERENT
 */
import http from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { LoadReport } from "./load.ts";

const DEADLINE_MS = 20_000;
/** So many requests show that all is under way. */
const BEGINNING = 100;

const [url = "", least = "", clients = "", pauseMs = "", different = ""] = process.argv.slice(2);
const answers = new Map<string, number>();
const failures: string[] = [];
let requests = 0;
let hasBegun = false;
let slowestMs = 0;
process.stdin.resume(); // Or it would not end.
await Promise.all(Array.from({ length: Number(clients) }, async (_, at) => client(at % 2 === 0)));
const report: LoadReport = { requests, slowestMs, failures, answers: Object.fromEntries(answers) };
process.stdout.write(`${JSON.stringify(report)}\n`);

async function client(isKeeping: boolean): Promise<void> {
  const agent = isKeeping ? new http.Agent({ keepAlive: true, maxSockets: 1 }) : undefined;
  while (!process.stdin.readableEnded || requests < Number(least)) {
    requests += 1;
    const from = performance.now();
    try {
      const answer = await ask(agent);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      tellBeginning();
    } catch (error) {
      const how = isKeeping ? "kept" : "new";
      failures.push(`${new Date().toISOString()} ${how} connection, after ${ms(from)} ms: ${String(error)}`);
    }
    slowestMs = Math.max(slowestMs, ms(from));
    await delay(Number(pauseMs));
  }
  agent?.destroy();
}

function tellBeginning(): void {
  if (hasBegun || requests < BEGINNING || answers.size < Number(different)) return;
  hasBegun = true;
  process.stdout.write("begun\n");
}

async function ask(agent: http.Agent | undefined): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = http.get(url, { agent: agent ?? false, signal: AbortSignal.timeout(DEADLINE_MS) });
  request.once("response", resolve).once("error", reject);
  const response = await promise;
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`${response.statusCode ?? 0} ${body.slice(0, 200)}`);
  return body.trim();
}

function ms(from: number): number {
  return Math.round(performance.now() - from);
}

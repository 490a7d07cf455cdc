/** Asks a URL until it answers 200; prints when that was, in milliseconds since 1970. Runs in the network of a node. */
import { setTimeout as delay } from "node:timers/promises";

const DEADLINE_MS = 120_000;
const PAUSE_MS = 5;
const ANSWER_MS = 2000;

const [url = ""] = process.argv.slice(2);
for (const end = performance.now() + DEADLINE_MS; !(await answers());) {
  if (performance.now() > end) throw new Error(`There was no answer from ${url}`);
  await delay(PAUSE_MS);
}
process.stdout.write(String(Date.now()));

async function answers(): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), headers: { connection: "close" } });
    await response.text();
    return response.status === 200;
  } catch {
    return false; // Nobody listens yet, or the Service is not known there yet.
  }
}

/**
 * One request from within the cluster; prints an Answer. Runs in the network of a node, and asks the cluster's DNS:
 * node ask-child.ts URL DNS METHOD; the body is the input.
 */
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Answer } from "./ask.ts";

const DEADLINE_MS = 60_000;

const [url = "", dns = "", method = ""] = process.argv.slice(2);
const body = await buffer(process.stdin);
const target = new URL(url);
if (isIP(target.hostname) === 0) target.hostname = await resolve(target.hostname);
const response = await fetch(target, {
  method,
  ...(body.length === 0 ? {} : { body }),
  signal: AbortSignal.timeout(DEADLINE_MS),
});
const answer: Answer = { status: response.status, body: await response.text() };
process.stdout.write(JSON.stringify(answer));

async function resolve(name: string): Promise<string> {
  const resolver = new Resolver();
  resolver.setServers([dns]);
  const [address = ""] = await resolver.resolve4(name.endsWith(".svc") ? `${name}.cluster.local` : name);
  return address;
}

import { createCri } from "@rcm/node-installer/cri-link";

/** Runs in a node: starts and removes a pod through the handler given (default runtime if empty); prints what failed. */
const [handler = ""] = process.argv.slice(2);
const cri = createCri();
const failure = await cri.probe(handler === "" ? undefined : handler, AbortSignal.timeout(60_000));
process.stdout.write(failure ?? "");

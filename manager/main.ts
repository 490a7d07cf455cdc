import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { messageOf } from "@rcm/lib/errors";
import { inClusterCredentials, kubeconfigCredentials, type Credentials } from "@rcm/lib/kube-client";
import { createLog } from "@rcm/lib/log";
import { shutdownSignal } from "@rcm/lib/shutdown";
import { runManager } from "./app.ts";
import { HELP } from "./config-flags.ts";
import { parseConfig, type Command, type Config } from "./config.ts";
import { VERSION } from "./version.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const command = parse();
  if (command === undefined) return 2;
  if (command.kind === "run") return run(command.config);
  console.log(command.kind === "help" ? HELP : VERSION);
  return 0;
}

function parse(): Command | undefined {
  try {
    return parseConfig(process.argv.slice(2), process.env);
  } catch (error) {
    console.error(messageOf(error));
    return undefined;
  }
}

async function run(config: Config): Promise<number> {
  const log = createLog("manager", config.logLevel, process.stdout);
  try {
    const identity = `${hostname()}_${randomUUID()}`;
    await runManager(config, { credentials: await credentialsOf(config), identity, log }, shutdownSignal(process));
    log.info("Manager stopped");
    return 0;
  } catch (error) {
    log.error("Manager failed", { problem: messageOf(error), error });
    return 1;
  }
}

async function credentialsOf({ kubeconfig }: Config): Promise<Credentials> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (kubeconfig === undefined && host !== undefined && port !== undefined) return inClusterCredentials({ host, port });
  return kubeconfigCredentials(kubeconfig);
}

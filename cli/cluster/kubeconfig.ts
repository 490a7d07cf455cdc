import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "@rcm/lib/errors";
import { CliError } from "../errors.ts";
import type { ConnectionOptions } from "../flags/connection-flags.ts";

/** What the library makes up where there is no kubeconfig. */
const MADE_UP_SERVER = "http://localhost:8080";

/**
 * The kubeconfig with what the command line says in place of it: its one context is the one to use. Exec plug-ins and
 * all else that signs in are the library's.
 *
 * @throws {CliError} `INPUT` or `NO_CLUSTER`
 */
export async function loadKubeconfig(options: ConnectionOptions): Promise<KubeConfig> {
  // Loaded on demand: it takes a quarter of a second, and `scaffold` does not need it.
  const { KubeConfig: Config } = await import("@kubernetes/client-node");
  const config = new Config();
  load(config, options.kubeconfig);
  if (options.context !== undefined) useContext(config, options.context);
  const cluster = clusterOf(config, options.server);
  const user = {
    ...userOf(config, options.token),
    ...(options.as === undefined ? {} : { impersonateUser: options.as }),
  };
  const namespace = config.getContextObject(config.currentContext)?.namespace ?? "";
  config.loadFromOptions({
    clusters: [cluster],
    users: [user],
    contexts: [
      {
        name: "context",
        cluster: cluster.name,
        user: user.name,
        namespace: options.namespace ?? (namespace === "" ? "default" : namespace),
      },
    ],
    currentContext: "context",
  });
  return config;
}

function load(config: KubeConfig, file: string | undefined): void {
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (cause) {
    const which = file === undefined ? "the kubeconfig" : `the kubeconfig "${file}"`;
    throw new CliError("INPUT", `Cannot read ${which}: ${messageOf(cause)}`, { cause });
  }
}

function useContext(config: KubeConfig, name: string): void {
  if (config.getContextObject(name) === null) {
    const names = config.contexts.map((context) => context.name).join(", ");
    throw new CliError(
      "NO_CLUSTER",
      `Cannot use --context ${name}: the kubeconfig has ${names === "" ? "none" : names}`,
    );
  }
  config.setCurrentContext(name);
}

function clusterOf(config: KubeConfig, server: string | undefined): KubeConfig["clusters"][number] {
  const found = config.getCurrentCluster();
  if (server !== undefined) return { skipTLSVerify: false, ...found, name: "cluster", server };
  if (found !== null && found.server !== MADE_UP_SERVER) return found;
  const remedy = "name one with --kubeconfig, KUBECONFIG or --context, or a server with --server";
  throw new CliError(
    "NO_CLUSTER",
    `Cannot find a cluster: there is no kubeconfig, or it has no current context: ${remedy}`,
  );
}

/** Who has a token comes with nothing else: the server would look at a certificate first. */
function userOf(config: KubeConfig, token: string | undefined): KubeConfig["users"][number] {
  if (token !== undefined) return { name: "user", token };
  return config.getCurrentUser() ?? { name: "user" };
}

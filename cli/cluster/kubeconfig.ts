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
  const cluster = { ...clusterOf(config, options), ...serverTls(options) };
  const user = {
    ...userOf(config, options),
    ...clientTls(options),
    ...(options.as === undefined ? {} : { impersonateUser: options.as }),
  };
  checkClientTls(user, options);
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

type NamedCluster = KubeConfig["clusters"][number];
type NamedUser = KubeConfig["users"][number];

function clusterOf(config: KubeConfig, { server, cluster }: ConnectionOptions): NamedCluster {
  const found = cluster === undefined ? config.getCurrentCluster() : namedOf(config.clusters, "cluster", cluster);
  if (server !== undefined) return { skipTLSVerify: false, ...found, name: "cluster", server };
  if (found !== null && found.server !== MADE_UP_SERVER) return found;
  const remedy = "name one with --kubeconfig, KUBECONFIG or --context, or a server with --server";
  throw new CliError(
    "NO_CLUSTER",
    `Cannot find a cluster: there is no kubeconfig, or it has no current context: ${remedy}`,
  );
}

/** Who has a token comes with nothing else of the kubeconfig: the server would look at a certificate first. */
function userOf(config: KubeConfig, { token, user }: ConnectionOptions): NamedUser {
  const found = user === undefined ? config.getCurrentUser() : namedOf(config.users, "user", user);
  return token === undefined ? (found ?? { name: "user" }) : { name: "user", token };
}

function namedOf<T extends { readonly name: string }>(all: readonly T[], what: string, name: string): T {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = all.map((one) => one.name).join(", ");
  throw new CliError("NO_CLUSTER", `Cannot use --${what} ${name}: the kubeconfig has ${names === "" ? "none" : names}`);
}

/** For the library files go over the data of the kubeconfig. */
function serverTls({ tls }: ConnectionOptions): Partial<NamedCluster> {
  return {
    ...(tls?.authority === undefined ? {} : { caFile: tls.authority, skipTLSVerify: false }),
    ...(tls?.serverName === undefined ? {} : { tlsServerName: tls.serverName }),
    ...(tls?.isUnchecked === true ? { skipTLSVerify: true } : {}),
  };
}

function clientTls({ tls }: ConnectionOptions): Partial<NamedUser> {
  return {
    ...(tls?.certificate === undefined ? {} : { certFile: tls.certificate }),
    ...(tls?.key === undefined ? {} : { keyFile: tls.key }),
  };
}

function checkClientTls({ certFile, certData, keyFile, keyData }: NamedUser, { tls }: ConnectionOptions): void {
  if (tls?.certificate === undefined && tls?.key === undefined) return;
  const hasCertificate = (certFile ?? certData) !== undefined;
  if (hasCertificate && (keyFile ?? keyData) !== undefined) return;
  const [given, wanted] = hasCertificate ? ["client-certificate", "client-key"] : ["client-key", "client-certificate"];
  throw new CliError("USAGE", `Cannot sign in with --${given} alone: give --${wanted}, too`);
}

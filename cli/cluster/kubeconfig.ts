import type { KubeConfig } from "@kubernetes/client-node";
import { CliError } from "../errors.ts";
import type { ConnectionOptions } from "../flags/connection-flags.ts";
import { checkContext, namesOf } from "./check-context.ts";
import { completeCluster, hasNoTls } from "./complete-cluster.ts";
import { ExecPlugin, userOfPlugin, type ExecConfig } from "./exec-plugin.ts";
import { readKubeconfig } from "./kubeconfig-files.ts";
import type { Surroundings } from "./surroundings.ts";

/** What the library makes up where there is no kubeconfig. */
const MADE_UP_SERVER = "http://localhost:8080";

/**
 * The kubeconfig with what the command line says in place of it: its one context is the one to use. All that signs in is
 * the library's, but for plug-ins.
 *
 * @param io where KUBECONFIG and proxies are looked for, and where plug-ins talk to people.
 * @throws {CliError} `INPUT` or `NO_CLUSTER`
 */
export async function loadKubeconfig(options: ConnectionOptions, io: Surroundings): Promise<KubeConfig> {
  // The library is loaded on demand: it takes a quarter of a second, and `scaffold` does not need it.
  const config = await readKubeconfig(options.kubeconfig, io.env);
  if (options.context !== undefined) useContext(config, options.context);
  checkContext(config, {
    cluster: options.cluster === undefined && options.server === undefined,
    user: options.user === undefined && options.token === undefined,
  });
  const cluster = completeCluster({ ...clusterOf(config, options), ...serverTls(options) }, io.env);
  const known = { ...userOf(config, options), ...clientTls(options) };
  checkClientTls(known, options);
  const user = {
    ...signedIn(config, hasNoTls(cluster) ? { name: known.name } : known, cluster, io),
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

/** The same user; a plug-in signs in as kubectl has it. */
function signedIn(
  config: KubeConfig,
  user: NamedUser,
  { server, caData, tlsServerName, skipTLSVerify, proxyUrl }: NamedCluster,
  io: Surroundings,
): NamedUser {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the kubeconfig has it
  const exec = (user.exec ?? undefined) as ExecConfig | undefined;
  if (exec === undefined) return user;
  const described = {
    server,
    "certificate-authority-data": caData,
    "tls-server-name": tlsServerName,
    "insecure-skip-tls-verify": skipTLSVerify,
    "proxy-url": proxyUrl,
  };
  config.addAuthenticator(new ExecPlugin(exec, described, io));
  return userOfPlugin(user);
}

function useContext(config: KubeConfig, name: string): void {
  namedOf(config.contexts, "context", name);
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
  throw new CliError("NO_CLUSTER", `Cannot use --${what} ${name}: the kubeconfig has ${namesOf(all)}`);
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

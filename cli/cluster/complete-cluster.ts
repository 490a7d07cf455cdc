import { getCACertificates } from "node:tls";
import type { KubeConfig } from "@kubernetes/client-node";
import { CliError } from "../errors.ts";
import { proxyFor } from "./proxy-for.ts";
import type { Environment } from "./surroundings.ts";

type NamedCluster = KubeConfig["clusters"][number];

/**
 * A cluster with what kubectl takes where the kubeconfig says nothing: the machine's proxy, and the authorities that the
 * machine trusts. A server without TLS has nothing to be verified.
 *
 * @throws {CliError} `NO_CLUSTER` for a server or a proxy that is no address.
 */
export function completeCluster(cluster: NamedCluster, env: Environment): NamedCluster {
  requireAddress("server", cluster.server);
  const proxyUrl = cluster.proxyUrl ?? proxyFor(cluster.server, env);
  if (proxyUrl !== undefined) requireAddress("proxy", proxyUrl);
  const proxied = proxyUrl === undefined ? cluster : { ...cluster, proxyUrl };
  if (hasNoTls(cluster)) return { ...proxied, skipTLSVerify: true };
  const knowsAuthority = (cluster.caData ?? "") !== "" || (cluster.caFile ?? "") !== "";
  return knowsAuthority || cluster.skipTLSVerify ? proxied : { ...proxied, caData: machinesAuthorities() };
}

/** Whether who we are would go over the network for all to read. */
export function hasNoTls({ server }: Pick<NamedCluster, "server">): boolean {
  return server.startsWith("http:");
}

/** Its value may have a password in it. */
function requireAddress(what: "server" | "proxy", url: string): void {
  if (URL.canParse(url) && new URL(url).host !== "") return;
  const which = what === "server" ? `the server "${url}"` : "the proxy of the kubeconfig or of HTTPS_PROXY";
  throw new CliError("NO_CLUSTER", `Cannot use ${which}: it must be an address such as https://10.0.0.1:6443`);
}

/** Node trusts its own alone unless told. Base64 of PEM, as kubeconfigs have it. */
function machinesAuthorities(): string {
  const all = new Set([...getCACertificates("default"), ...getCACertificates("system")]);
  return Buffer.from([...all].join("\n")).toString("base64");
}

import { createSecureContext } from "node:tls";
import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "@rcm/lib/errors";
import { createKubeClient, credentialsOf, type Credentials, type KubeClient } from "@rcm/lib/kube-client";
import { CliError } from "../errors.ts";
import type { ConnectionOptions } from "../flags/connection-flags.ts";
import { VERSION } from "../version.ts";
import { explained } from "./explained.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import type { Surroundings } from "./surroundings.ts";
import { warningText } from "./warning-text.ts";

/** What the server notes as owner of the fields that are written. */
export const SPIN_KUBE = "spin-kube";

export interface Cluster {
  readonly kube: KubeClient;
  /** The one of the command line, or else of the context, or else `default`. */
  readonly namespace: string;
  /** For what is no plain request: port forwarding. */
  readonly config: KubeConfig;
}

/**
 * Connects to the cluster that the command line means, for as long as `work` takes. What the server warns of goes to
 * the standard error output.
 *
 * @throws {CliError} `INPUT` or `NO_CLUSTER`; what `work` throws.
 */
export async function withCluster<R>(
  options: ConnectionOptions,
  io: Surroundings,
  work: (cluster: Cluster) => Promise<R>,
  client = SPIN_KUBE,
): Promise<R> {
  const config = await loadKubeconfig(options, io);
  const kube = createKubeClient({
    credentials: await signIn(config),
    userAgent: `${client}/${VERSION}`,
    fieldManager: client,
    timeoutMs: options.requestTimeoutMs,
    onWarning: (text) => io.stderr.write(`Warning: ${warningText(text)}\n`),
  });
  try {
    return await work({
      kube,
      config,
      namespace: config.getContextObject(config.currentContext)?.namespace ?? "default",
    });
  } catch (error) {
    throw explained(error);
  } finally {
    await kube.close();
  }
}

async function signIn(config: KubeConfig): Promise<Credentials> {
  try {
    const credentials = await credentialsOf(config);
    createSecureContext(credentials.tls); // Each connection makes one, but says less of what is wrong.
    return credentials;
  } catch (cause) {
    const remedy = isOpenSslError(cause) ? ": certificates and keys must be PEM and belong together" : "";
    throw new CliError("NO_CLUSTER", `Cannot sign in to the cluster: ${messageOf(cause)}${remedy}`, { cause });
  }
}

function isOpenSslError(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_OSSL");
}

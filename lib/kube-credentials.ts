import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";

/** Where the API server is and who we are to it. */
export interface Credentials {
  /** Origin and, behind some gateways, a path: `https://10.0.0.1:443`. */
  readonly server: string;
  readonly tls: Tls;
  /** Http proxy of the kubeconfig's cluster. */
  readonly proxy?: string | undefined;
  /** Headers of the next request; reads rotated tokens again. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

type Tls = Pick<RequestOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;

export interface InCluster {
  /** `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`. */
  readonly host: string;
  readonly port: string;
  /** @default where the kubelet mounts the service account's token */
  readonly folder?: string | undefined;
}

const SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * How long what was read is good for. client-go reads token files once a minute too:
 * https://github.com/kubernetes/client-go/blob/v0.34.4/transport/token_source.go
 */
const HEADERS_TTL_MS = 60_000;

/** Those of the pod's service account. Reads two files, and loads nothing else: the manager's memory is small. */
export async function inClusterCredentials(place: InCluster): Promise<Credentials> {
  const folder = place.folder ?? SERVICE_ACCOUNT_DIR;
  const host = place.host.includes(":") ? `[${place.host}]` : place.host;
  return {
    server: `https://${host}:${place.port}`,
    tls: { ca: await readFile(join(folder, "ca.crt")) },
    headers: cached(async () => {
      const token = await readFile(join(folder, "token"), "utf8");
      return { authorization: `Bearer ${token.trim()}` };
    }),
  };
}

/**
 * Those of a kubeconfig, with everything that kubectl understands (exec plug-ins, OIDC, client certificates).
 *
 * @param file without it: `KUBECONFIG`, then `~/.kube/config`, as kubectl does.
 * @throws {Error} when there is no such file or it names no cluster.
 */
export async function kubeconfigCredentials(file?: string): Promise<Credentials> {
  // Loaded on demand: it takes 40 MB of memory, and in a cluster nobody needs it.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  if (file === undefined) config.loadFromDefault();
  else config.loadFromFile(file);
  return credentialsOf(config, file);
}

/**
 * Those of the current context of a kubeconfig that is loaded.
 *
 * @param file where it is from, for the message.
 * @throws {Error} when it names no cluster.
 */
export async function credentialsOf(config: KubeConfig, file = "default"): Promise<Credentials> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`Cannot use the kubeconfig "${file}": it has no current cluster`);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return {
    server: cluster.server,
    tls: tlsOf(options),
    proxy: cluster.proxyUrl,
    headers: cached(async () => {
      const fresh: RequestOptions = {};
      await config.applyToHTTPSOptions(fresh);
      return headersOf(fresh);
    }),
  };
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): Tls {
  return { ca, cert, key, servername, rejectUnauthorized };
}

function headersOf({ headers = {}, auth }: RequestOptions): Readonly<Record<string, string>> {
  const basic = typeof auth === "string" ? { authorization: `Basic ${Buffer.from(auth).toString("base64")}` } : {};
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return Object.fromEntries([...Object.entries(basic), ...given]);
}

function cached<T>(read: () => Promise<T>): () => Promise<T> {
  let last: { readonly value: T; readonly untilMs: number } | undefined;
  return async () => {
    if (last === undefined || performance.now() >= last.untilMs) {
      last = { value: await read(), untilMs: performance.now() + HEADERS_TTL_MS };
    }
    return last.value;
  };
}

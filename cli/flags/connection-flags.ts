import { CliError } from "../errors.ts";
import type { FlagValues } from "./flag-values.ts";
import type { FlagTable } from "./flag.ts";

/** Of all commands that talk to a cluster; names and letters as kubectl has them. */
export const CLUSTER_FLAGS = {
  kubeconfig: {
    kind: "text",
    isFile: true,
    help: "kubeconfig to use, in place of KUBECONFIG and ~/.kube/config",
  },
  context: { kind: "text", help: "context of the kubeconfig to use" },
  cluster: { kind: "text", help: "cluster of the kubeconfig to use, in place of the context's" },
  user: { kind: "text", help: "user of the kubeconfig to use, in place of the context's" },
  server: { kind: "text", short: "s", help: "address of the API server, in place of the kubeconfig's" },
  token: { kind: "text", help: "bearer token for the API server, in place of the kubeconfig's user" },
  as: { kind: "text", help: "user to act as" },
  "certificate-authority": { kind: "text", isFile: true, help: "certificates of the authority to trust, PEM" },
  "client-certificate": { kind: "text", isFile: true, help: "certificate to sign in with, PEM" },
  "client-key": { kind: "text", isFile: true, help: "key of that certificate, PEM" },
  "tls-server-name": {
    kind: "text",
    help: "name that the API server's certificate must have, in place of its address",
  },
  "insecure-skip-tls-verify": { kind: "switch", help: "trust whatever answers; it may be anybody" },
  "request-timeout": { kind: "duration", default: "30s", help: "time that one request may take; 0 is no limit" },
} as const satisfies FlagTable;

/** Of those among them that are about applications. */
export const CONNECTION_FLAGS = {
  namespace: { kind: "text", short: "n", help: "namespace of the application" },
  ...CLUSTER_FLAGS,
} as const satisfies FlagTable;

/** What is in place of the kubeconfig's; paths of PEM files. */
interface TlsOptions {
  readonly authority: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly isUnchecked: boolean;
}

/** How to reach a cluster, as the command line says it. */
export interface ConnectionOptions {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Of the kubeconfig, as is `user`. */
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly namespace: string | undefined;
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly as: string | undefined;
  readonly tls?: TlsOptions;
  readonly requestTimeoutMs: number;
}

const URL_OF_SERVER = /^https?:\/\/[^\s/]+/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** 24 days, the longest that a timer can be, in milliseconds. */
const NO_LIMIT_MS = 2 ** 31 - 1;

export function readNamespace(values: FlagValues): string | undefined {
  return values.matching("namespace", NAMESPACE, "the name of a namespace");
}

/** @throws {CliError} `USAGE` */
export function readConnection(values: FlagValues): ConnectionOptions {
  return { ...readCluster(values), namespace: readNamespace(values) };
}

/** The same for {@link CLUSTER_FLAGS}. */
export function readCluster(values: FlagValues): ConnectionOptions {
  const timeoutMs = values.timeoutMs("request-timeout");
  return {
    kubeconfig: values.optional("kubeconfig"),
    context: values.optional("context"),
    cluster: values.optional("cluster"),
    user: values.optional("user"),
    namespace: undefined,
    server: values.matching("server", URL_OF_SERVER, "an address such as https://10.0.0.1:6443"),
    token: values.optional("token"),
    as: values.optional("as"),
    tls: readTls(values),
    requestTimeoutMs: timeoutMs === 0 ? NO_LIMIT_MS : timeoutMs,
  };
}

function readTls(values: FlagValues): TlsOptions {
  const authority = values.optional("certificate-authority");
  const isUnchecked = values.isOn("insecure-skip-tls-verify");
  if (authority !== undefined && isUnchecked) {
    const both = "--certificate-authority and --insecure-skip-tls-verify contradict each other";
    throw new CliError("USAGE", `${both}: give one of them`);
  }
  return {
    authority,
    certificate: values.optional("client-certificate"),
    key: values.optional("client-key"),
    serverName: values.optional("tls-server-name"),
    isUnchecked,
  };
}

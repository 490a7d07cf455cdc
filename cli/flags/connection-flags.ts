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
  server: { kind: "text", short: "s", help: "address of the API server, in place of the kubeconfig's" },
  token: { kind: "text", help: "bearer token for the API server, in place of the kubeconfig's user" },
  as: { kind: "text", help: "user to act as" },
  "request-timeout": { kind: "duration", default: "30s", help: "time that one request may take; 0 is no limit" },
} as const satisfies FlagTable;

/** Of those among them that are about applications. */
export const CONNECTION_FLAGS = {
  namespace: { kind: "text", short: "n", help: "namespace of the application" },
  ...CLUSTER_FLAGS,
} as const satisfies FlagTable;

/** How to reach a cluster, as the command line says it. */
export interface ConnectionOptions {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly as: string | undefined;
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
    namespace: undefined,
    server: values.matching("server", URL_OF_SERVER, "an address such as https://10.0.0.1:6443"),
    token: values.optional("token"),
    as: values.optional("as"),
    requestTimeoutMs: timeoutMs === 0 ? NO_LIMIT_MS : timeoutMs,
  };
}

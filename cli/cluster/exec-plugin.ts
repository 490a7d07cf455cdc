import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "@rcm/lib/errors";
import { CliError } from "../errors.ts";
import type { Surroundings } from "./surroundings.ts";

type Authenticator = Parameters<KubeConfig["addAuthenticator"]>[0];
type NamedUser = KubeConfig["users"][number];

/** As a user of a kubeconfig names it. */
export interface ExecConfig {
  readonly apiVersion: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly interactiveMode?: string;
  readonly provideClusterInfo?: boolean;
}

interface Status {
  readonly expirationTimestamp?: string;
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
}

/** Name of the library's hook for such users. */
const HOOK = "kube-exec-plugin";

/** A user whom the plug-in signs in, in place of the library, which hides what the plug-in tells people to do. */
export function userOfPlugin(user: NamedUser): NamedUser {
  return { ...user, exec: undefined, authProvider: { name: HOOK, config: {} } };
}

/**
 * A program that signs in to a cluster. What it tells people goes to the standard error output, and people may answer it
 * on a terminal.
 *
 * @see {@link https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins}
 */
export class ExecPlugin implements Authenticator {
  readonly #config: ExecConfig;
  readonly #cluster: object;
  readonly #io: Surroundings;
  #last: Status | undefined;

  /** @param cluster what the plug-in may know of the cluster. */
  constructor(config: ExecConfig, cluster: object, io: Surroundings) {
    this.#config = config;
    this.#cluster = cluster;
    this.#io = io;
  }

  isAuthProvider({ authProvider }: { readonly authProvider?: { readonly name?: string } | null }): boolean {
    return authProvider?.name === HOOK;
  }

  /** @throws {CliError} `NO_CLUSTER` when it does not sign in. */
  async applyAuthentication(
    _user: NamedUser,
    options: Parameters<Authenticator["applyAuthentication"]>[1],
  ): Promise<void> {
    if (this.#last === undefined || isOver(this.#last)) this.#last = await this.#ask();
    const { token, clientCertificateData: cert, clientKeyData: key } = this.#last;
    if (cert !== undefined && key !== undefined) Object.assign(options, { cert, key });
    if (token === undefined) return;
    options.headers = Object.assign(options.headers ?? {}, { Authorization: `Bearer ${token}` });
  }

  async #ask(): Promise<Status> {
    const { command, installHint = "" } = this.#config;
    try {
      return statusIn(await this.#run());
    } catch (cause) {
      const hint = installHint === "" ? "" : `: ${installHint.trim()}`;
      const problem = `the plug-in "${command}" that the kubeconfig names did not sign in`;
      throw new CliError("NO_CLUSTER", `${problem}: ${messageOf(cause)}${hint}`, { cause });
    }
  }

  async #run(): Promise<string> {
    const { command, args, env } = this.#config;
    const isInteractive = this.#isInteractive();
    const given = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
    const child = spawn(command, [...(args ?? [])], {
      env: { ...this.#io.env, ...given, KUBERNETES_EXEC_INFO: JSON.stringify(this.#info(isInteractive)) },
      stdio: [isInteractive ? "inherit" : "ignore", "pipe", "pipe"],
    });
    function end(): void {
      child.kill();
    }
    process.once("exit", end); // Nobody waits for it any more.
    try {
      child.stderr.pipe(this.#io.stderr, { end: false });
      const [answer] = await Promise.all([text(child.stdout), once(child, "close")]);
      if (child.exitCode === 0) return answer;
      throw new Error(`it ended with ${child.exitCode ?? String(child.signalCode)}`);
    } finally {
      process.removeListener("exit", end);
    }
  }

  /** Whether people can answer it. */
  #isInteractive(): boolean {
    const { interactiveMode: mode } = this.#config;
    const isTerminal = "isTTY" in this.#io.stdin && this.#io.stdin.isTTY === true;
    if (mode === "Always" && !isTerminal) throw new Error("it asks for a terminal, and there is none");
    return isTerminal && mode !== "Never";
  }

  #info(interactive: boolean): object {
    const { apiVersion, provideClusterInfo } = this.#config;
    const spec = { interactive, ...(provideClusterInfo === true ? { cluster: this.#cluster } : {}) };
    return { apiVersion, kind: "ExecCredential", spec };
  }
}

function isOver({ expirationTimestamp }: Status): boolean {
  return expirationTimestamp !== undefined && Date.parse(expirationTimestamp) <= Date.now();
}

/** @throws {Error} when it is no answer of a plug-in. */
function statusIn(answer: string): Status {
  const credential: unknown = JSON.parse(answer);
  const status: unknown =
    typeof credential === "object" && credential !== null && "status" in credential ? credential.status : undefined;
  if (typeof status !== "object" || status === null) throw new Error("its answer has no status");
  return status;
}

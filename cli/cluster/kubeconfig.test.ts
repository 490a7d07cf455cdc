import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { ConnectionOptions } from "../flags/connection-flags.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

const KUBECONFIG = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [
    { name: "one", cluster: { server: "https://one.example:6443" } },
    { name: "two", cluster: { server: "https://two.example:6443", "tls-server-name": "two" } },
  ],
  users: [
    { name: "anna", user: { token: "secret-of-anna" } },
    { name: "bert", user: { username: "bert", password: "secret-of-bert" } },
  ],
  contexts: [
    { name: "first", context: { cluster: "one", user: "anna", namespace: "apps" } },
    { name: "second", context: { cluster: "two", user: "bert" } },
  ],
  "current-context": "first",
});

const NOTHING: Omit<ConnectionOptions, "kubeconfig"> = {
  context: undefined,
  namespace: undefined,
  server: undefined,
  token: undefined,
  as: undefined,
  requestTimeoutMs: 1000,
};

const NO_TLS = {
  authority: undefined,
  certificate: undefined,
  key: undefined,
  serverName: undefined,
  isUnchecked: false,
};

/** What is there of it. */
function tlsOf(config: KubeConfig): object {
  const { caFile, tlsServerName, skipTLSVerify } = config.getCurrentCluster() ?? {};
  const { certFile, keyFile } = config.getCurrentUser() ?? {};
  const all = Object.entries({ caFile, tlsServerName, skipTLSVerify, certFile, keyFile });
  return Object.fromEntries(all.filter(([, value]) => (value ?? undefined) !== undefined));
}

describe("loadKubeconfig()", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-kubeconfig-"));
    await writeFile(join(folder, "config"), KUBECONFIG);
    await writeFile(join(folder, "broken"), "clusters: [");
    await writeFile(join(folder, "empty"), JSON.stringify({ apiVersion: "v1", kind: "Config" }));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  interface Seen {
    readonly server?: string | undefined;
    readonly namespace?: string | undefined;
    readonly token?: string | undefined;
    readonly username?: string | undefined;
    readonly as?: string | undefined;
    readonly tls?: unknown;
  }

  async function seen(options: Partial<ConnectionOptions>, file = "config"): Promise<Seen> {
    const config = await loadKubeconfig({ ...NOTHING, kubeconfig: join(folder, file), ...options });
    const { token, username, impersonateUser } = config.getCurrentUser() ?? {};
    return {
      server: config.getCurrentCluster()?.server,
      namespace: config.getContextObject(config.currentContext)?.namespace,
      token: token,
      username: username,
      as: impersonateUser,
      ...(options.tls === undefined ? {} : { tls: tlsOf(config) }),
    };
  }

  const ANNA = { server: "https://one.example:6443", namespace: "apps", token: "secret-of-anna" };
  const BERT = { server: "https://two.example:6443", namespace: "default", username: "bert" };
  const cases: readonly [says: string, options: Partial<ConnectionOptions>, expected: Seen][] = [
    ["the current context", {}, ANNA],
    ["another context, with the namespace default", { context: "second" }, BERT],
    ["another namespace", { namespace: "other" }, { ...ANNA, namespace: "other" }],
    ["another server", { server: "http://127.0.0.1:1" }, { ...ANNA, server: "http://127.0.0.1:1" }],
    [
      "a token, and nothing else of the user",
      { context: "second", token: "t" },
      { ...BERT, username: undefined, token: "t" },
    ],
    ["another cluster, and another user", { cluster: "two", user: "bert" }, { ...BERT, namespace: "apps" }],
    ["another user", { user: "bert" }, { ...ANNA, token: undefined, username: "bert" }],
    [
      "certificates",
      { context: "second", tls: { ...NO_TLS, authority: "/ca", certificate: "/c", key: "/k" } },
      { ...BERT, tls: { caFile: "/ca", tlsServerName: "two", skipTLSVerify: false, certFile: "/c", keyFile: "/k" } },
    ],
    [
      "another name of the server, and one that is not looked at",
      { tls: { ...NO_TLS, serverName: "three", isUnchecked: true } },
      { ...ANNA, tls: { tlsServerName: "three", skipTLSVerify: true } },
    ],
    ["a user to act as", { as: "carl" }, { ...ANNA, as: "carl" }],
  ];
  for (const [says, options, expected] of cases) {
    it(`takes ${says}`, async () => {
      const unset = { token: undefined, username: undefined, as: undefined };
      expect(await seen(options)).to.deep.equal({ ...unset, ...expected });
    });
  }

  it("takes a server without any kubeconfig", async () => {
    const options = { server: "https://three.example", token: "t" };
    expect(await seen(options, "empty")).to.include({ ...options, namespace: "default" });
  });

  const refusals: readonly [file: string, options: Partial<ConnectionOptions>, code: string, message: string][] = [
    ["none", {}, "INPUT", "Cannot read the kubeconfig"],
    ["broken", {}, "INPUT", "Cannot read the kubeconfig"],
    ["config", { context: "third" }, "NO_CLUSTER", "Cannot use --context third: the kubeconfig has first, second"],
    ["empty", { context: "third" }, "NO_CLUSTER", "Cannot use --context third: the kubeconfig has none"],
    ["config", { cluster: "x" }, "NO_CLUSTER", "Cannot use --cluster x: the kubeconfig has one, two"],
    ["config", { user: "x" }, "NO_CLUSTER", "Cannot use --user x: the kubeconfig has anna, bert"],
    ["empty", { server: "https://s", user: "x" }, "NO_CLUSTER", "Cannot use --user x: the kubeconfig has none"],
    [
      "config",
      { tls: { ...NO_TLS, certificate: "/c" } },
      "USAGE",
      "Cannot sign in with --client-certificate alone: give --client-key, too",
    ],
    ["config", { tls: { ...NO_TLS, key: "/k" } }, "USAGE", "Cannot sign in with --client-key alone"],
    ["empty", {}, "NO_CLUSTER", "Cannot find a cluster: there is no kubeconfig, or it has no current context"],
  ];
  for (const [file, options, code, message] of refusals) {
    it(`says of the file "${file}": ${message}`, async () => {
      const reason: unknown = await seen(options, file).catch((error: unknown) => error);
      expect(reason).to.have.property("code", code);
      expect(reason).to.have.property("message").that.includes(message);
    });
  }
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { ConnectionOptions } from "../flags/connection-flags.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import type { Environment } from "./surroundings.ts";

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
    const lost = {
      clusters: [{ name: "odd", cluster: { server: "odd" } }],
      users: [],
      contexts: [
        { name: "cluster", context: { cluster: "gone", user: "" } },
        { name: "user", context: { cluster: "odd", user: "gone" } },
      ],
      "current-context": "gone",
    };
    await writeFile(join(folder, "lost"), JSON.stringify(lost));
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

  async function seen(options: Partial<ConnectionOptions>, file = "config", env: Environment = {}): Promise<Seen> {
    const io = { stdin: process.stdin, stderr: process.stderr, env };
    const config = await loadKubeconfig({ ...NOTHING, kubeconfig: join(folder, file), ...options }, io);
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

  /** The same of what KUBECONFIG names. */
  async function seenOf(...names: readonly string[]): Promise<Seen> {
    const paths = names.map((name) => (name === "" ? "" : join(folder, name)));
    const { server, token, namespace } = await seen({ kubeconfig: undefined }, "", { KUBECONFIG: paths.join(":") });
    return { server, token, namespace };
  }

  const ANNA = { server: "https://one.example:6443", namespace: "apps", token: "secret-of-anna" };
  const BERT = { server: "https://two.example:6443", namespace: "default", username: "bert" };
  const cases: readonly [says: string, options: Partial<ConnectionOptions>, expected: Seen][] = [
    ["the current context", {}, ANNA],
    ["another context, with the namespace default", { context: "second" }, BERT],
    ["another namespace", { namespace: "other" }, { ...ANNA, namespace: "other" }],
    ["another server", { server: "https://127.0.0.1:1" }, { ...ANNA, server: "https://127.0.0.1:1" }],
    [
      "a server that anybody may listen to, without who the user is",
      { server: "http://127.0.0.1:1", as: "carl" },
      { server: "http://127.0.0.1:1", namespace: "apps", as: "carl" },
    ],
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

  describe("with KUBECONFIG", () => {
    const files = {
      first: { users: [{ name: "anna", user: { token: "first" } }] },
      second: {
        "current-context": "mine",
        clusters: [{ name: "one", cluster: { server: "https://second.example" } }],
        users: [{ name: "anna", user: { token: "second" } }],
        contexts: [{ name: "mine", context: { cluster: "one", user: "anna", namespace: "second" } }],
      },
    };
    before(async () => {
      for (const [name, file] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(file));
      await writeFile(join(folder, "blank"), "\n");
    });

    it("takes of several files what the first one says", async () => {
      const second = { server: "https://second.example", namespace: "second" };
      expect(await seenOf("second", "config")).to.deep.equal({ ...second, token: "second" });
      expect(await seenOf("first", "second", "config")).to.deep.equal({ ...second, token: "first" });
      expect(await seenOf("config", "second")).to.deep.equal(ANNA);
    });

    it("passes over files that are not there or say nothing", async () => {
      expect(await seenOf("none", "", "blank", "config")).to.deep.equal(ANNA);
    });

    it("names the file that it cannot read", async () => {
      const reason: unknown = await seenOf("config", "broken").catch((error: unknown) => error);
      expect(reason)
        .to.have.property("message")
        .that.includes(`Cannot read the kubeconfig "${join(folder, "broken")}"`);
    });

    it("says that there is no cluster, if none of them is there", async () => {
      const reason: unknown = await seenOf("none").catch((error: unknown) => error);
      expect(reason).to.have.property("code", "NO_CLUSTER");
    });
  });

  it("says so when a proxy is no address, and keeps it to itself", async () => {
    const reason: unknown = await seen({}, "config", { HTTPS_PROXY: "no proxy:password" }).catch(
      (error: unknown) => error,
    );
    expect(reason)
      .to.have.property("message")
      .that.matches(/^Cannot use the proxy of the kubeconfig or of HTTPS_PROXY: /);
  });

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
    ["lost", {}, "NO_CLUSTER", 'Cannot use the current context "gone": the kubeconfig has cluster, user'],
    ["lost", { context: "cluster" }, "NO_CLUSTER", '"cluster": there is no cluster "gone": the kubeconfig has odd'],
    ["lost", { context: "user" }, "NO_CLUSTER", '"user": there is no user "gone": the kubeconfig has none'],
    [
      "lost",
      { context: "user", token: "t" },
      "NO_CLUSTER",
      'Cannot use the server "odd": it must be an address such as https://10.0.0.1:6443',
    ],
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

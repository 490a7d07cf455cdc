import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { ConnectionOptions } from "../flags/connection-flags.ts";
import type { ExecConfig } from "./exec-plugin.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

const OPTIONS: ConnectionOptions = {
  kubeconfig: undefined,
  context: undefined,
  namespace: undefined,
  server: undefined,
  token: undefined,
  as: undefined,
  requestTimeoutMs: 1000,
};

describe("a plug-in that signs in", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-exec-plugin-"));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  interface Request {
    readonly headers?: Readonly<Record<string, string>>;
    readonly cert?: string;
    readonly key?: string;
  }

  interface Session {
    /** What the next request has. */
    readonly next: () => Promise<Request>;
    /** What people were told. */
    readonly told: () => string;
  }

  /** Of a user whose plug-in is a script of the shell. */
  async function session(script: string, other: Partial<ExecConfig> = {}): Promise<Session> {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: ["-c", script], ...other };
    const kubeconfig = join(folder, "config");
    const config = {
      clusters: [{ name: "c", cluster: { server: "https://c.example", "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { exec } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    const stderr = new PassThrough().setEncoding("utf8");
    const env = { PATH: "/usr/bin:/bin", FOLDER: folder };
    const loaded = await loadKubeconfig({ ...OPTIONS, kubeconfig }, { stdin: new PassThrough(), stderr, env });
    return {
      async next() {
        const request = {};
        await loaded.applyToHTTPSOptions(request);
        return request;
      },
      told: () => String(stderr.read() ?? ""),
    };
  }

  it("gives a token, and is asked again when its time is over", async () => {
    const count = `echo x >> "$FOLDER/asked"; n=$(wc -l < "$FOLDER/asked");`;
    const credential = `{"status":{"token":"t%s","expirationTimestamp":"%s"}}`;
    const over = await session(`${count} printf '${credential}' $n 2020-01-01T00:00:00Z`);
    expect([(await over.next()).headers, (await over.next()).headers]).to.deep.equal([
      { Authorization: "Bearer t1" },
      { Authorization: "Bearer t2" },
    ]);
    const good = await session(`${count} printf '${credential}' $n 2999-01-01T00:00:00Z`);
    expect([(await good.next()).headers, (await good.next()).headers]).to.deep.equal([
      { Authorization: "Bearer t3" },
      { Authorization: "Bearer t3" },
    ]);
  });

  it("gives a certificate", async () => {
    const { next } = await session(answer({ clientCertificateData: "certificate", clientKeyData: "key" }));
    expect(await next()).to.include({ cert: "certificate", key: "key" });
  });

  it("is told what the kubeconfig says, and people what it says", async () => {
    const script = `printf %s "$KUBERNETES_EXEC_INFO" > "$FOLDER/info"; echo "open $PLACE" >&2; ${answer({ token: "t" })}`;
    const { next, told } = await session(script, {
      env: [{ name: "PLACE", value: "https://sign-in.example" }],
      provideClusterInfo: true,
    });
    await next();
    expect(told()).to.equal("open https://sign-in.example\n");
    expect(JSON.parse(await readFile(join(folder, "info"), "utf8"))).to.deep.equal({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      spec: { interactive: false, cluster: { server: "https://c.example", "insecure-skip-tls-verify": true } },
    });
  });

  const failures: readonly [script: string, other: Partial<ExecConfig>, problem: string][] = [
    ["exit 3", {}, "it ended with 3"],
    ["kill -9 $$", {}, "it ended with SIGKILL"],
    ["echo no", {}, "Unexpected token"],
    ["echo {}", {}, "its answer has no status"],
    ["", { command: "/nowhere/plugin", installHint: "get it from example.com" }, "ENOENT: get it from example.com"],
    ["", { interactiveMode: "Always" }, "it asks for a terminal, and there is none"],
  ];
  for (const [script, other, problem] of failures) {
    it(`is named when it does not sign in: ${problem}`, async () => {
      const { next } = await session(script, other);
      const reason: unknown = await next().catch((error: unknown) => error);
      const name = other.command ?? "sh";
      const start = `the plug-in "${name}" that the kubeconfig names did not sign in: `;
      expect(reason).to.have.property("message").that.includes(start).and.includes(problem);
    });
  }
});

/** A script that answers so. */
function answer(status: object): string {
  return `echo '${JSON.stringify({ kind: "ExecCredential", status })}'`;
}

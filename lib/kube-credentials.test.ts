import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { inClusterCredentials, kubeconfigCredentials } from "./kube-credentials.ts";

describe("credentials", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-credentials-"));
  });

  after(async () => rm(folder, { recursive: true }));

  it("of a pod are its token and its authority", async () => {
    await Promise.all([writeFile(join(folder, "ca.crt"), "CA"), writeFile(join(folder, "token"), "secret\n")]);
    const credentials = await inClusterCredentials({ host: "fd00::1", port: "443", folder });
    expect(credentials.server).to.equal("https://[fd00::1]:443");
    expect(String(credentials.tls.ca)).to.equal("CA");
    expect(await credentials.headers()).to.deep.equal({ authorization: "Bearer secret" });
  });

  it("of a kubeconfig are those of its current context", async () => {
    const file = join(folder, "config");
    const config = {
      clusters: [{ name: "c", cluster: { server: "https://kube.test:6443", "proxy-url": "http://proxy.test:1" } }],
      users: [{ name: "u", user: { token: "secret" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    await writeFile(file, JSON.stringify(config));
    const credentials = await kubeconfigCredentials(file);
    expect(credentials).to.include({ server: "https://kube.test:6443", proxy: "http://proxy.test:1" });
    expect(await credentials.headers()).to.deep.equal({ authorization: "Bearer secret" });
    await writeFile(file, JSON.stringify({ ...config, "current-context": "other" }));
    const missing: unknown = await kubeconfigCredentials(file).catch((error: unknown) => error);
    expect(missing).to.have.property("message").that.contains("no current cluster");
  });
});

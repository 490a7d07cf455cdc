import { VaultProvider } from "@rcm/shim/executor/spin/variables/vault-provider";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { VaultServer } from "../support/vault-server.ts";

const { signal } = new AbortController();

describe("VaultProvider", () => {
  let server: VaultServer;
  let url: string;

  before(async () => {
    server = new VaultServer("t0ken");
    url = await server.listen();
    server.put("secret/data/password", { value: "plain" });
    server.put("secret/data/apps/one/password", { value: "of one" });
    server.put("secret/data/odd", { other: "field" });
    server.put("secret/data/number", { value: 7 });
    server.answers.set("secret/data/sealed", { status: 503, body: "{}" });
    server.answers.set("secret/data/garbage", { status: 200, body: "<html>" });
    server.answers.set("secret/data/large", { status: 200, body: "x".repeat((1 << 20) + 1) });
  });
  after(async () => {
    await server.close();
  });

  function provider({ token = "t0ken", prefix }: { token?: string; prefix?: string } = {}): VaultProvider {
    return new VaultProvider({ url: `${url}/`, token, mount: "secret", prefix });
  }

  it("reads the field `value` of the secret of the variable's name", async () => {
    expect(await provider().get("password", signal)).to.equal("plain");
    expect(await provider({ prefix: "apps/one" }).get("password", signal)).to.equal("of one");
  });

  it("has no variable whose secret is missing", async () => {
    expect(await provider().get("nothing", signal)).to.equal(undefined);
  });

  const faults: readonly (readonly [name: string, message: string])[] = [
    ["odd", 'no text in its field "value"'],
    ["number", 'no text in its field "value"'],
    ["sealed", "status 503"],
    ["garbage", "its answer is no JSON"],
    ["large", "more than 1048576 bytes"],
  ];
  for (const [name, message] of faults) {
    it(`fails with what is not such a secret: ${name}`, async () => {
      const error = await provider()
        .get(name, signal)
        .catch((reason: unknown) => reason);
      expect(error).to.have.property("code", "provider");
      expect(error)
        .to.have.property("message")
        .that.includes(`Cannot read the variable "${name}" from the Vault`)
        .and.includes(message);
    });
  }

  it("fails with a wrong token, and does not say which", async () => {
    const error = await provider({ token: "wr0ng" }).get("password", signal).catch(String);
    expect(error).to.include("status 403").and.not.include("wr0ng");
  });

  it("ends with its signal", async () => {
    const ended = AbortSignal.abort(new Error("ended"));
    expect(await provider().get("password", ended).catch(String)).to.equal("Error: ended");
  });
});

import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildGuest } from "../guests/build-guest.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { type Answer, exchange, open } from "../support/http-exchange.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const MANIFEST = `
[[trigger.http]]
route = "/cgi/..."
component = "cgi"
executor = { type = "wagi" }
[[trigger.http]]
route = "/own-arguments/:id/..."
component = "own-arguments"
executor = { type = "wagi", argv = "fixed \${ARGS} last \${SCRIPT_NAME}" }
[component.cgi]
source = "cgi.wasm"
environment = { OWN = "yes" }
[component.own-arguments]
source = "cgi.wasm"
`;

describe("executor up, with a CGI program", () => {
  const folder = new SpinFolder();
  let executor: ExecutorProcess;
  let port: number;

  before("the program is built and served", async function build() {
    this.timeout(900_000);
    folder.manifest(MANIFEST);
    folder.copy(await buildGuest("rust-wagi"), "cgi.wasm");
    executor = new ExecutorProcess(["up", "--listen", "127.0.0.1:0", folder.path]);
    port = await executor.port();
  });
  after(async () => {
    const { code } = await executor.stop();
    folder[Symbol.dispose]();
    expect(code).to.equal(0);
  });

  async function get(path: string): Promise<Answer> {
    return exchange({ port, path });
  }

  it("tells it about the request", async () => {
    const headers = { host: "h:81", "x-own": "1", authorization: "secret" };
    const { status, body, headers: answered } = await exchange({ port, path: "/cgi/environment?a=1&b", headers });
    expect(status).to.equal(200);
    expect(answered["content-type"]).to.equal("text/plain");
    const lines = body.split("\n");
    expect(lines[0]).to.equal('arguments ["/cgi/environment", "a=1", "b"]');
    expect(lines).to.include.members([
      "OWN=yes",
      "REQUEST_METHOD=GET",
      "QUERY_STRING=a=1&b",
      "PATH_INFO=/environment",
      "SCRIPT_NAME=/cgi",
      "SERVER_NAME=h",
      "SERVER_PORT=81",
      "REMOTE_ADDR=127.0.0.1",
      "HTTP_X_OWN=1",
      "X_MATCHED_ROUTE=/cgi/...",
      "X_FULL_URL=http://h:81/cgi/environment?a=1&b",
    ]);
    expect(body).not.to.include("secret");
  });

  it("tells it all that Spin does, and nothing else, by arguments of its own", async () => {
    const headers = { host: "h:81", "x-a": ["1", "2"], authorization: "s", "proxy-authorization": "s" };
    const path = "/own-arguments/7%2f/environment?a=1&b";
    const lines = (await exchange({ port, path, headers })).body.trimEnd().split("\n");
    expect(lines.shift()).to.equal('arguments ["fixed", "a=1", "b", "last", "/own-arguments/7%2f/environment"]');
    const client = lines.find((line) => line.startsWith("X_CLIENT_ADDR="));
    expect(client).to.match(/^X_CLIENT_ADDR=127\.0\.0\.1:\d+$/);
    expect(lines.filter((line) => line !== client).toSorted()).to.deep.equal([
      "AUTH_TYPE=",
      "CONTENT_LENGTH=0",
      "CONTENT_TYPE=",
      "GATEWAY_INTERFACE=CGI/1.1",
      "HTTP_HOST=h:81",
      "HTTP_X_A=1, 2",
      "PATH_INFO=/environment",
      "PATH_TRANSLATED=/environment",
      "QUERY_STRING=a=1&b",
      "REMOTE_ADDR=127.0.0.1",
      "REMOTE_HOST=127.0.0.1",
      "REMOTE_USER=",
      "REQUEST_METHOD=GET",
      "SCRIPT_NAME=/own-arguments/:id",
      "SERVER_NAME=h",
      "SERVER_PORT=81",
      "SERVER_PROTOCOL=HTTP/1.1",
      "SERVER_SOFTWARE=WAGI/1",
      "X_BASE_PATH=/",
      "X_COMPONENT_ROUTE=/own-arguments/:id",
      `X_FULL_URL=http://h:81${path}`,
      "X_MATCHED_ROUTE=/own-arguments/:id/...",
      "X_PATH_MATCH_ID=7%2f",
      "X_RAW_COMPONENT_ROUTE=/own-arguments/:id/...",
      "X_RAW_PATH_INFO=/environment",
    ]);
  });

  it("tells it how long the body is, also where the client does not say so", async () => {
    const headers = { "transfer-encoding": "chunked" };
    const path = "/cgi/environment";
    expect((await get(path)).body).to.include("\nCONTENT_LENGTH=0\n");
    expect((await exchange({ port, path, body: "hello" })).body).to.include("\nCONTENT_LENGTH=5\n");
    expect((await exchange({ port, path, body: "hello you", headers })).body).to.include("\nCONTENT_LENGTH=9\n");
    expect((await exchange({ port, path: "/cgi/echo", body: "hello you", headers })).body).to.equal("hello you");
    expect((await exchange({ port, path, body: Buffer.alloc((64 << 20) + 1), headers })).status).to.equal(413);
  });

  it("gives it the body, and gives back what it writes while it writes", async () => {
    const body = randomBytes(300_000);
    const response = await open({ port, path: "/cgi/echo", body });
    expect(Buffer.concat((await response.toArray()) as Buffer[]).equals(body)).to.equal(true);
    const long = await open({ port, path: "/cgi/long" });
    let received = 0;
    for await (const chunk of long) received += (chunk as Buffer).length;
    expect(received).to.equal(64 << 20);
  });

  const answers: readonly (readonly [path: string, status: number, body: RegExp])[] = [
    ["redirect", 302, /^$/],
    ["status", 418, /^short and stout$/],
    ["exit", 200, /^bye$/],
    ["head-only", 200, /^$/],
    ["fail", 500, /Internal/],
    ["nothing", 500, /Internal/],
    ["bad", 500, /no answer/],
    ["bad-status", 502, /no answer/],
  ];
  for (const [path, status, text] of answers) {
    it(`answers ${status} for ${path}`, async () => {
      const answer = await get(`/cgi/${path}`);
      expect(answer.status).to.equal(status);
      expect(answer.body).to.match(text);
    });
  }
});

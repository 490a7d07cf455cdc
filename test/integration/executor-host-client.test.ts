import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { freePort } from "../cluster/free-port.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";

/** What a guest can send before it reads the echo. */
const BODY_BYTES = 50_000;

describe("executor serve, a guest that goes out", () => {
  let executor: ExecutorProcess;
  let isolated: ExecutorProcess;
  const upstream = http.createServer(answer);
  const silent = net.createServer(() => {}); // Takes connections and says nothing.
  const echo = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  let upstreamPort: number;

  before(async function () {
    this.timeout(600_000);
    const component = join(await buildRustGuest("rust-host"), "rust_host.wasm");
    upstreamPort = await listen(upstream);
    await Promise.all([listen(silent), listen(echo)]);
    executor = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", "--allow-network", component]);
    const hosts = ["--allow-host", "*.example.test", "--allow-host", "127.0.0.1:9"];
    isolated = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", ...hosts, component]);
  });
  after(async () => {
    await Promise.all([executor.stop(), isolated.stop()]);
    upstream.closeAllConnections();
    for (const server of [upstream, silent, echo]) server.close();
  });

  async function lines(path: string, from = executor): Promise<string[]> {
    return (await exchange({ port: await from.port(), path })).body.trimEnd().split("\n");
  }

  it("gets a response with its fields, body and trailers", async () => {
    expect(await lines(`/fetch?127.0.0.1:${upstreamPort}/`)).to.deep.equal(['201 ["text/special"] 4 ["x-end"]']);
  });

  it("streams a body out and another back", async () => {
    const body = randomBytes(BODY_BYTES);
    const port = await executor.port();
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = http.request({
        port,
        host: "127.0.0.1",
        method: "POST",
        path: `/relay?127.0.0.1:${upstreamPort}/`,
      });
      request.on("response", resolve).on("error", reject).end(body);
    });
    const chunks = (await response.toArray()) as Buffer[];
    expect(Buffer.concat(chunks).equals(body)).to.equal(true);
  });

  it("tells by its own codes why there is no response", async () => {
    const closed = await freePort();
    const cases = [
      [`127.0.0.1:${closed}/`, "error ErrorCode::ConnectionRefused"],
      ["nowhere.invalid/", /DnsError/],
      [`127.0.0.1:${upstreamPort}/cut`, /200 body Some\(ErrorCode::(ConnectionTerminated|HttpResponseIncomplete)\)/],
    ] as const;
    for (const [target, expected] of cases) {
      const [line] = await lines(`/fetch?${target}`);
      if (typeof expected === "string") expect(line).to.equal(expected);
      else expect(line).to.match(expected);
    }
  });

  it("keeps the three timeouts", async () => {
    const silentPort = (silent.address() as AddressInfo).port;
    const deaf = await deafPort();
    const targets = `127.0.0.1:${deaf.port}/,127.0.0.1:${silentPort}/,127.0.0.1:${upstreamPort}/stall`;
    const start = performance.now();
    const [connect, firstByte, betweenBytes] = await lines(`/fetch-timeouts?${targets}`);
    deaf.stop();
    expect(connect).to.equal("error ErrorCode::ConnectionTimeout");
    expect(firstByte).to.equal("error ErrorCode::HttpResponseTimeout");
    expect(betweenBytes).to.equal("200 body Some(ErrorCode::ConnectionReadTimeout)");
    expect(performance.now() - start).to.be.lessThan(10_000);
  });

  it("denies requests that the policy does not allow", async () => {
    const [denied] = await lines(`/fetch?127.0.0.1:${upstreamPort}/`, isolated);
    expect(denied).to.equal("error ErrorCode::HttpRequestDenied");
    const [allowed] = await lines("/fetch?127.0.0.1:9/", isolated);
    expect(allowed).to.equal("error ErrorCode::ConnectionRefused");
  });

  it("serves others while guests wait for an upstream", async () => {
    const silentPort = (silent.address() as AddressInfo).port;
    const port = await executor.port();
    const controller = new AbortController();
    const waiting = Array.from({ length: 20 }, async () =>
      fetch(`http://127.0.0.1:${port}/fetch?127.0.0.1:${silentPort}/`, { signal: controller.signal }).catch(
        () => "gone",
      ),
    );
    await delay(200);
    expect(await lines("/")).to.deep.equal(["call 1"]);
    controller.abort();
    expect(await Promise.all(waiting)).to.deep.equal(Array.from({ length: 20 }, () => "gone"));
  });

  it("connects, listens and sends datagrams for a guest that may", async () => {
    const port = (echo.address() as AddressInfo).port;
    const [tcp] = await lines(`/tcp?${port}`);
    expect(tcp).to.match(/^8 bytes from .*127, 0, 0, 1/);
    const [refused] = await lines(`/tcp?${await freePort()}`);
    expect(refused).to.match(/name: "connection-refused"/);
    expect(await lines("/tcp-listen")).to.deep.equal(["true 4 5"]);
    expect(await lines("/udp")).to.deep.equal(["1 8 true"]);
  });
});

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  if (request.url === "/cut") {
    response.writeHead(200, { "content-length": 1000 });
    response.write("half");
    setTimeout(() => response.destroy(), 50);
  } else if (request.url === "/stall") {
    response.writeHead(200);
    response.write("some");
  } else if (request.method === "POST") {
    request.pipe(response);
  } else {
    response.writeHead(201, { "content-type": "text/special", trailer: "x-end" });
    response.write("body");
    response.addTrailers({ "x-end": "1" });
    response.end();
  }
}

/** Listens, and accepts nobody: the kernel takes two connections and then leaves all others without an answer. */
const DEAF = `
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    require("node:fs").writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60000);
  });
`;

async function deafPort(): Promise<{ readonly port: number; readonly stop: () => void }> {
  const child = spawn(process.execPath, ["-e", DEAF], { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(text.toString());
  const fillers = [net.connect(port, "127.0.0.1"), net.connect(port, "127.0.0.1")];
  await Promise.all(fillers.map(async (socket) => once(socket, "connect")));
  return {
    port,
    stop() {
      for (const socket of fillers) socket.destroy();
      child.kill("SIGKILL");
    },
  };
}

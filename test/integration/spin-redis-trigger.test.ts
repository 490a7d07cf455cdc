import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { buildGuest } from "../guests/build-guest.ts";
import { ExecutorProcess, type LogLine } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { RedisServer } from "../support/redis-server.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const MANIFEST = `
[variables]
server = { required = true }
channel = { default = "news" }
[application.trigger.redis]
address = "{{ server }}"
[[trigger.redis]]
id = "first"
channel = "{{ channel }}"
component = "listener"
[[trigger.redis]]
id = "second"
channel = "other"
component = "listener"
[component.listener]
source = "redis.wasm"
`;
const HTTP = `
[[trigger.http]]
route = "/..."
component = "web"
[component.web]
source = "c.wasm"
`;

describe("executor up, an application that listens to Redis", function suite() {
  this.timeout(120_000);
  const redis = new RedisServer();
  const folder = new SpinFolder();
  let address = "";
  let open: ExecutorProcess[] = [];

  before(async function () {
    this.timeout(900_000);
    folder.copy(await buildGuest("rust-redis"), "redis.wasm");
    folder.copy(await buildGuest("c-http"), "c.wasm");
    address = await redis.start();
  });
  afterEach(async () => {
    await Promise.all(open.map(async (executor) => executor.stop()));
    open = [];
  });
  after(async () => {
    await redis[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  function up(manifest: string, flags: readonly string[] = [], server = address): ExecutorProcess {
    folder.manifest(manifest);
    const own = ["--variable", `server=${server}`, "--grace-ms", "5000", ...flags];
    const executor = new ExecutorProcess(["up", "--listen", "127.0.0.1:0", ...own, folder.path]);
    open.push(executor);
    return executor;
  }

  it("gives each message to an instance in its first state, by variables in address and channel", async () => {
    const executor = up(MANIFEST, ["--variable", "channel=renamed"]);
    await listening(executor);
    expect(linesOf(executor, "Listening")[0]).to.deep.include({ trigger: "redis", channels: ["renamed", "other"] });
    expect(await redis.publish("news", "nobody")).to.equal(0);
    for (const channel of ["renamed", "other", "renamed"]) expect(await redis.publish(channel, "hello")).to.equal(1);
    expect(await redis.publish("other", Buffer.from([0, 255, 13, 10]))).to.equal(1);
    await executor.until(() => executor.stdout.split("\n").length > 4);
    const hello = "call 1: 5 bytes: [104, 101, 108, 108, 111]";
    expect(executor.stdout.trim().split("\n").toSorted()).to.deep.equal(
      [hello, hello, hello, "call 1: 4 bytes: [0, 255, 13, 10]"].toSorted(),
    );
  });

  it("logs the messages that fail, and goes on", async () => {
    const executor = up(MANIFEST);
    await listening(executor);
    for (const message of ["fail", "trap", "fine"]) await redis.publish("news", message);
    await executor.until(() => linesOf(executor, "Message failed").length === 2 && executor.stdout.includes("call 1"));
    const failures = linesOf(executor, "Message failed").map((line) => String(line["reason"]));
    expect(failures.toSorted()[0]).to.equal("the guest returned an error");
    expect(failures.toSorted()[1]).to.match(/unreachable/);
    const named = { level: "error", trigger: "first", component: "listener", channel: "news" };
    for (const line of linesOf(executor, "Message failed")) expect(line).to.include(named);
  });

  it("takes a megabyte, and many messages at once", async () => {
    const executor = up(MANIFEST);
    await listening(executor);
    await redis.publish("news", "x".repeat(1_000_000));
    await Promise.all(Array.from({ length: 300 }, async () => redis.publish("other", "many")));
    await executor.until(() => executor.stdout.split("\n").length > 301);
    expect(executor.stdout).to.include("call 1: 1000000 bytes");
    expect(executor.stdout.match(/^call 1: 4 bytes/gm)).to.have.length(300);
  });

  it("drops what is too much, and says so", async () => {
    const executor = up(MANIFEST, ["--max-concurrent", "1", "--max-queued", "1"]);
    await listening(executor);
    for (let count = 0; count < 4; count += 1) await redis.publish("news", "slow");
    await executor.until(() => linesOf(executor, "Message dropped").length === 2);
    await executor.until(() => executor.stdout.split("\n").length > 2);
  });

  it("serves HTTP at the same time", async () => {
    const executor = up(MANIFEST + HTTP);
    const port = await executor.port();
    await listening(executor);
    expect((await exchange({ port, path: "/" })).status).to.equal(200);
    await redis.publish("news", "hello");
    await executor.until(() => executor.stdout.includes("call 1: 5 bytes"));
  });

  it("lets messages come to their end when it is stopped", async () => {
    const executor = up(MANIFEST, ["--max-concurrent", "1", "--max-queued", "0"]);
    await listening(executor);
    await fill(executor, 1);
    const { code, stdout } = await executor.stop();
    expect([code, stdout.slice(0, 16)]).to.deep.equal([0, "call 1: 4 bytes:"]);
    expect(await redis.publish("news", "late")).to.equal(0);
  });

  it("drops those that wait when it is stopped and the grace period is over", async () => {
    const executor = up(MANIFEST, ["--max-concurrent", "1", "--max-queued", "2", "--grace-ms", "300"]);
    await listening(executor);
    await fill(executor, 3);
    const { code, stdout } = await executor.stop();
    expect(code).to.equal(0);
    const reasons = linesOf(executor, "Message dropped").map((line) => line["reason"]);
    expect(reasons.slice(1)).to.deep.equal(Array(2).fill("the program stops"));
    // Nor is the one at work waited for.
    expect([linesOf(executor, "Message failed").length, stdout]).to.deep.equal([1, ""]);
  });

  /** Publishes as many slow messages as the listener takes, and sees by one more that they are there. */
  async function fill(executor: ExecutorProcess, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count + 1 }, async () => redis.publish("news", "slow")));
    await executor.until(() => linesOf(executor, "Message dropped").length === 1);
  }

  it("listens again when the server was away, and waits for one that is not there yet", async () => {
    await redis.stop();
    const executor = up(MANIFEST);
    await executor.until(() => linesOf(executor, "Not listening: it is tried again").length > 0);
    await redis.start();
    await listening(executor);
    await redis.stop();
    await executor.until(() => linesOf(executor, "Not listening: it is tried again").length > 1);
    await redis.start();
    await listening(executor, 2);
    expect(await redis.publish("news", "again")).to.equal(1);
    await executor.until(() => executor.stdout.includes("call 1: 5 bytes"));
    expect(
      linesOf(executor, "Not listening: it is tried again")
        .map((line) => line["reason"])
        .join(),
    ).to.match(/ECONNREFUSED|closed the connection/);
  });

  for (const [says, manifest, server, problem] of [
    [
      "a component that takes no messages",
      MANIFEST.replace("redis.wasm", "c.wasm"),
      undefined,
      /does not export fermyon:spin\/inbound-redis/,
    ],
    [
      "an address that is none",
      MANIFEST,
      "http://user:secret@x",
      /address of the Redis server: it must begin with redis:/,
    ],
    ["no address", MANIFEST.replace(/^address.*$/m, ""), undefined, /"address" in the redis trigger "first"/],
  ] as const) {
    it(`refuses ${says}`, async () => {
      const { code, stderr } = await up(manifest, [], server).ended(20_000);
      expect(code).to.equal(2);
      expect(stderr).to.match(problem);
      expect(stderr).to.not.include("secret");
    });
  }
});

function linesOf(executor: ExecutorProcess, message: string): readonly LogLine[] {
  return executor.log().filter((line) => line["message"] === message);
}

async function listening(executor: ExecutorProcess, times = 1): Promise<void> {
  await executor.until(() => linesOf(executor, "Listening").length >= times);
}

import { once } from "node:events";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { connectSystemd } from "./connect.ts";
import type { DBusConnection } from "./dbus-connection.ts";
import { MessageFrames } from "./dbus-frames.ts";
import { decodeMessage, encodeMessage, MESSAGE_MAX_BYTES, type DBusMessage } from "./dbus-message.ts";
import { runJob } from "./unit-job.ts";

/** What a peer does once it has read BEGIN; `messages` are those that came in the same chunk. */
type Behaviour = (socket: Socket, message: DBusMessage) => void;

const PING = "Ping";
const CALL = { path: "/a", interface: "a.b", member: "Method" };
// Of a whole file, so without a limit of its own: mocha limits each test.
const { signal } = new AbortController();

describe("connectSystemd()", () => {
  let folder = "";
  let path = "";
  const open: (Server | DBusConnection)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-dbus-"));
    path = join(folder, "private");
  });
  afterEach(async () => {
    for (const each of open.splice(0)) each.close();
    await rm(folder, { recursive: true });
  });

  async function listen(onSocket: (socket: Socket) => void, at = path): Promise<Server> {
    const server = createServer(onSocket).listen(at);
    open.push(server);
    await once(server, "listening");
    return server;
  }

  async function connect(behaviour: Behaviour): Promise<DBusConnection> {
    await listen((socket) => {
      acceptRoot(socket, behaviour);
    });
    const bus = await connectSystemd(path, signal);
    open.push(bus);
    return bus;
  }

  it("fails with UNREACHABLE where there is no socket", async () => {
    const error = await caught(connectSystemd(path, signal));
    expect(error).to.have.property("code", "UNREACHABLE");
  });

  it("waits for a systemd that is replacing itself: nobody listens on its socket", async () => {
    const old = await listen(() => undefined, `${path}.old`);
    await rename(`${path}.old`, path); // So it stays when its server goes.
    const closed = once(old, "close");
    old.close();
    await closed;
    const connecting = connectSystemd(path, signal); // Is refused before anything else happens.
    await listen((socket) => {
      acceptRoot(socket, (from, message) => from.write(reply(message.serial)));
    }, `${path}.new`);
    await rename(`${path}.new`, path);
    open.push(await connecting);
  });

  it("fails with AUTH_REFUSED where root is not believed", async () => {
    await listen((socket) => {
      socket.on("error", () => undefined).once("data", () => socket.write("REJECTED EXTERNAL\r\n"));
    });
    expect(await caught(connectSystemd(path, signal))).to.have.property("code", "AUTH_REFUSED");
  });

  const strangers = [
    { name: "two lines at once", answer: "OK 1234\r\nOK 1234\r\n" },
    { name: "a line without end", answer: "x".repeat(2000) },
  ];
  for (const { name, answer } of strangers) {
    it(`fails with PROTOCOL where the peer answers with ${name}`, async () => {
      await listen((socket) => {
        socket.on("error", () => undefined).once("data", () => socket.write(answer));
      });
      expect(await caught(connectSystemd(path, signal))).to.have.property("code", "PROTOCOL");
    });
  }

  it("fails with DISCONNECTED after some attempts where the peer hangs up", async () => {
    let attempts = 0;
    await listen((socket) => {
      attempts += 1;
      socket.destroy();
    });
    expect(await caught(connectSystemd(path, signal))).to.have.property("code", "DISCONNECTED");
    expect(attempts).to.equal(5);
  });

  it("stops when its signal aborts", async () => {
    await listen((socket) => socket.on("error", () => undefined));
    const reason = new Error("enough");
    const controller = new AbortController();
    const connecting = caught(connectSystemd(path, controller.signal));
    controller.abort(reason);
    expect(await connecting).to.equal(reason);
  });

  it("says who it is, in chunks of any size", async () => {
    const said: Buffer[] = [];
    await listen((socket) => {
      socket.on("data", (chunk) => said.push(Buffer.from(chunk)));
      socket.once("data", () => {
        for (const byte of "OK 1234deadbeef\r\n") socket.write(byte);
      });
      socket.on("data", (chunk) => {
        const at = chunk.indexOf("BEGIN\r\n");
        if (at < 0 && !chunk.includes("Ping")) return;
        const rest = Buffer.from(chunk).subarray(at < 0 ? 0 : at + 7);
        if (rest.length > 0) socket.write(reply(decodeMessage(rest)?.serial ?? 0));
      });
    });
    open.push(await connectSystemd(path, signal));
    expect(Buffer.concat(said).toString("latin1")).to.match(/^\0AUTH EXTERNAL 30\r\nBEGIN\r\n/);
  });

  it("pings again where the peer does not look at what came with BEGIN", async () => {
    const seen: number[] = [];
    const bus = await connect((socket, { serial }) => {
      seen.push(serial);
      if (seen.length > 2) socket.write(reply(serial));
    });
    await bus.call(CALL, signal);
    expect(seen.slice(0, 4)).to.deep.equal([1, 2, 3, 4]);
  });
});

describe("DBusConnection", () => {
  let folder = "";
  const open: (Server | DBusConnection)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-dbus-"));
  });
  afterEach(async () => {
    for (const each of open.splice(0)) each.close();
    await rm(folder, { recursive: true });
  });

  /** A peer that answers pings, and anything else by `behaviour`. */
  async function connect(behaviour: Behaviour): Promise<DBusConnection> {
    const server = createServer((socket) => {
      acceptRoot(socket, (from, message) => {
        if (message.member === PING) from.write(reply(message.serial));
        else behaviour(from, message);
      });
    });
    server.listen(join(folder, "private"));
    await once(server, "listening");
    const bus = await connectSystemd(join(folder, "private"), signal);
    open.push(server, bus);
    return bus;
  }

  it("gives each caller its own reply, in whatever order they come", async () => {
    const waiting: DBusMessage[] = [];
    const bus = await connect((socket, message) => {
      waiting.unshift(message);
      if (waiting.length < 3) return;
      for (const { serial, body } of waiting) socket.write(reply(serial, body));
    });
    const calls = ["a", "b", "c"].map(async (text) => bus.call({ ...CALL, signature: "s", args: [text] }, signal));
    expect(await Promise.all(calls)).to.deep.equal([["a"], ["b"], ["c"]]);
  });

  it("fails with REFUSED and the name of the error", async () => {
    const bus = await connect((socket, { serial }) => {
      const error = { kind: "error", serial: 1, replySerial: serial, errorName: "a.Error", signature: "s" } as const;
      socket.write(encodeMessage({ ...error, body: ["no such thing"] }));
    });
    const error = await caught(bus.call(CALL, signal));
    expect(error).to.include({ code: "REFUSED", dbusName: "a.Error" });
    expect(error).to.have.property("message", `Cannot call systemd's "Method": no such thing`);
  });

  it("fails with TIMEOUT where no answer comes, and drops one that comes late", async () => {
    const bus = await connect((socket, { serial, signature }) => {
      if (signature === "s") socket.write(Buffer.concat([reply(1), reply(serial)]));
    });
    expect(await caught(bus.call({ ...CALL, timeoutMs: 1 }, signal))).to.have.property("code", "TIMEOUT");
    expect(await bus.call({ ...CALL, signature: "s", args: ["x"] }, signal)).to.deep.equal([]);
  });

  it("fails with the caller's reason where that aborts", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const bus = await connect(() => {
      controller.abort(reason);
    });
    expect(await caught(bus.call(CALL, controller.signal))).to.equal(reason);
    expect(await caught(bus.call(CALL, controller.signal))).to.equal(reason);
  });

  const hostile: readonly (readonly [name: string, bytes: Buffer])[] = [
    ["no D-Bus", Buffer.from("HTTP/1.1 400 Bad Request\r\n")],
    ["a message that is too long", tooLong()],
    ["a message with a field broken", broken()],
  ];
  for (const [name, bytes] of hostile) {
    it(`fails with PROTOCOL where the peer sends ${name}`, async () => {
      const bus = await connect((socket) => socket.write(bytes));
      expect(await caught(bus.call(CALL, signal))).to.have.property("code", "PROTOCOL");
      expect(await bus.ended).to.have.property("code", "PROTOCOL");
      expect(await caught(bus.call(CALL, signal))).to.have.property("code", "PROTOCOL");
    });
  }

  it("fails every call with DISCONNECTED where the peer goes away", async () => {
    const bus = await connect((socket) => socket.destroy());
    const errors = await Promise.all([caught(bus.call(CALL, signal)), caught(bus.call(CALL, signal))]);
    expect(errors.map((error) => (error as { code?: string }).code)).to.deep.equal(["DISCONNECTED", "DISCONNECTED"]);
  });

  it("fails with DISCONNECTED once it is closed", async () => {
    const bus = await connect(() => undefined);
    bus.close();
    expect(await caught(bus.call(CALL, signal))).to.have.property("code", "DISCONNECTED");
  });

  describe("runJob()", () => {
    const order = { member: "RestartUnit", signature: "ss", args: ["a.service", "replace"] };
    const job = { order, task: `restart unit "a.service"`, timeoutMs: 20_000 };

    it("finds the end of its job among others, also before the answer to the order", async () => {
      for (const isEarly of [true, false]) {
        const bus = await connect((socket, { serial }) => {
          const ends = [jobRemoved("/job/1", "canceled"), jobRemoved("/job/2", "failed")];
          const answer = reply(serial, ["/job/2"], "o");
          socket.write(Buffer.concat(isEarly ? [...ends, answer] : [answer, ...ends]));
        });
        expect(await runJob(bus, job, signal)).to.equal("failed");
        for (const each of open.splice(0)) each.close();
      }
    });

    it("fails with TIMEOUT where the job does not end", async () => {
      const bus = await connect((socket, { serial }) => socket.write(reply(serial, ["/job/2"], "o")));
      const error = await caught(runJob(bus, { ...job, timeoutMs: 50 }, signal));
      expect(error).to.include({ code: "TIMEOUT" });
      expect(error).to.have.property("message", `Cannot restart unit "a.service": no answer within 50 ms`);
    });

    it("fails with DISCONNECTED where systemd goes away while the job runs", async () => {
      const bus = await connect((socket, { serial }) => {
        socket.end(reply(serial, ["/job/2"], "o"));
      });
      expect(await caught(runJob(bus, job, signal))).to.have.property("code", "DISCONNECTED");
    });

    it("fails with PROTOCOL where the answer is no job", async () => {
      const bus = await connect((socket, { serial }) => socket.write(reply(serial)));
      expect(await caught(runJob(bus, job, signal))).to.have.property("code", "PROTOCOL");
    });
  });
});

/** The server's side of the authentication; then each message goes to `behaviour`. */
function acceptRoot(socket: Socket, behaviour: Behaviour): void {
  const frames = new MessageFrames();
  let seen = Buffer.alloc(0);
  let isRunning = false;
  socket
    .on("error", () => undefined)
    .on("data", (chunk: Buffer) => {
      let bytes = chunk;
      if (!isRunning) {
        seen = Buffer.concat([seen, chunk]);
        if (seen.equals(Buffer.from("\0AUTH EXTERNAL 30\r\n"))) socket.write("OK 1234deadbeef\r\n");
        const begin = seen.indexOf("BEGIN\r\n");
        if (begin < 0) return;
        isRunning = true;
        bytes = seen.subarray(begin + 7);
      }
      for (const frame of frames.push(bytes)) {
        const message = decodeMessage(frame);
        if (message !== undefined) behaviour(socket, message);
      }
    });
}

function reply(to: number, body: DBusMessage["body"] = [], signature = "s".repeat(body.length)): Buffer {
  return encodeMessage({ kind: "return", serial: 1, replySerial: to, signature, body });
}

function jobRemoved(job: string, result: string): Buffer {
  const head = { kind: "signal", serial: 1, path: "/org/freedesktop/systemd1", member: "JobRemoved" } as const;
  const body = [1, job, "a.service", result];
  return encodeMessage({ ...head, interface: "org.freedesktop.systemd1.Manager", signature: "uoss", body });
}

function tooLong(): Buffer {
  const bytes = reply(1);
  bytes.writeUInt32LE(MESSAGE_MAX_BYTES, 4);
  return bytes;
}

function broken(): Buffer {
  const bytes = reply(1);
  bytes.writeUInt8(0x73, 18); // replySerial as a string
  return bytes;
}

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("It did not fail"),
    (reason: unknown) => reason,
  );
}

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { describe, it } from "mocha";
import { serveConnections } from "./serve-connections.ts";

interface Serving {
  readonly port: number;
  readonly problems: readonly string[];
  /** Ends it, and waits for that. */
  stop(): Promise<void>;
}

async function serve(answer: (socket: Socket) => Promise<void>, port = 0): Promise<Serving> {
  const ending = new AbortController();
  const problems: string[] = [];
  const listening = Promise.withResolvers<number>();
  const service = {
    port,
    onListening: listening.resolve,
    connect: answer,
    onProblem: (problem: unknown) => problems.push(String(problem)),
  };
  const serving = serveConnections(service, ending.signal);
  const got = await Promise.race([listening.promise, serving.then(() => 0)]);
  return {
    port: got,
    problems,
    async stop() {
      ending.abort();
      await serving;
    },
  };
}

async function echo(socket: Socket): Promise<void> {
  socket.pipe(socket);
  await once(socket, "close");
}

describe("serveConnections()", () => {
  it("serves several connections at a time, and goes on when one fails", async () => {
    let count = 0;
    const serving = await serve(async (socket) => {
      count += 1;
      if (count === 2) throw new Error("no pod");
      await echo(socket);
    });
    const sockets = [1, 2, 3].map(() => connect(serving.port, "127.0.0.1").end("hello"));
    const answers = await Promise.all(sockets.map(async (socket) => text(socket).catch(() => "")));
    expect(answers.toSorted()).to.deep.equal(["", "hello", "hello"]);
    expect(serving.problems).to.deep.equal(["Error: no pod"]);
    await serving.stop();
  });

  it("ends connections when it ends, and gives the port back", async () => {
    const serving = await serve(echo);
    const socket = connect(serving.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("hello");
    await once(socket, "data");
    const closed = once(socket, "close");
    await serving.stop();
    await closed;
    const again = await serve(echo, serving.port);
    expect(again.port).to.equal(serving.port);
    await again.stop();
    expect([...serving.problems, ...again.problems]).to.deep.equal([]);
  });

  it("says that a port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const reason: unknown = await serve(echo, port).catch((error: unknown) => error);
    other.close();
    expect(reason).to.have.property("code", "CONNECTION");
    expect(reason).to.have.property("message").that.includes(`Cannot listen on 127.0.0.1:${port}`);
    expect(reason).to.have.property("message").that.includes("choose another port with --local-port");
  });
});

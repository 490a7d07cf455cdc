import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { messageOf } from "@rcm/lib/errors";
import { CliError } from "../errors.ts";

export interface LocalService {
  /** 0 for one that is free. */
  readonly port: number;
  readonly onListening: (port: number) => void;
  /** Serves one connection until it ends. */
  readonly connect: (socket: Socket, signal: AbortSignal) => Promise<void>;
  /** Called with what one connection failed with; the others go on. */
  readonly onProblem: (problem: unknown) => void;
}

const HOST = "127.0.0.1";

/**
 * Takes connections on 127.0.0.1 until `signal` aborts.
 *
 * @throws {CliError} `CONNECTION` when the port cannot be had.
 */
export async function serveConnections(service: LocalService, signal: AbortSignal): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined); // Its end follows.
    socket.on("close", () => sockets.delete(socket));
    service.connect(socket, signal).catch((problem: unknown) => {
      socket.destroy();
      if (!signal.aborted) service.onProblem(problem);
    });
  });
  service.onListening(await listen(server, service.port));
  try {
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (cause) {
    const problem = `Cannot listen on ${HOST}:${port}: ${messageOf(cause)}`;
    throw new CliError("CONNECTION", `${problem}: choose another port with --local-port`, { cause });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the address of a server that listens on TCP
  return (server.address() as AddressInfo).port;
}

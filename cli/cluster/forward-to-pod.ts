import { once } from "node:events";
import type { Socket } from "node:net";
import { Writable } from "node:stream";
import type { KubeConfig, PortForward } from "@kubernetes/client-node";
import { withDeadline } from "@rcm/lib/deadline";
import { CliError } from "../errors.ts";

type Channel = Exclude<Awaited<ReturnType<PortForward["portForward"]>>, () => unknown>;

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

const OPEN_MS = 15_000;

/**
 * Joins a local connection with a port of a pod, over a WebSocket of the API server, until one of them ends. A client
 * that ends its half ends the connection: the protocol has no such thing.
 *
 * @throws {CliError} `CONNECTION` when the port cannot be reached.
 */
export async function forwardToPod(
  config: KubeConfig,
  target: PodPort,
  socket: Socket,
  signal: AbortSignal,
): Promise<void> {
  const problems: string[] = [];
  const errors = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (chunk.length > 0) problems.push(chunk.toString("utf8").trim());
      done();
    },
  });
  const joint: { channel?: Channel } = {};
  const opening = open(config, target, { socket, errors, output: outputTo(socket, joint) });
  const channel = await withDeadline(
    { ms: OPEN_MS, expired: () => failed(target, `no connection within ${OPEN_MS / 1000} s`) },
    async (limited) => Promise.race([opening, rejection(limited)]),
    signal,
  ).catch((error: unknown) => {
    opening.then(
      (late) => late.terminate(),
      () => undefined,
    );
    throw error;
  });
  joint.channel = channel;
  await untilClosed(channel, socket);
  if (problems.length > 0) throw failed(target, problems.join(" "));
}

interface Ends {
  readonly socket: Socket;
  readonly output: Writable;
  readonly errors: Writable;
}

async function open(config: KubeConfig, target: PodPort, { socket, output, errors }: Ends): Promise<Channel> {
  const { PortForward: Forward } = await import("@kubernetes/client-node");
  const { namespace, pod, port } = target;
  const forwarding = new Forward(config).portForward(namespace, pod, [port], output, errors, socket);
  const channel = await forwarding.catch((cause: unknown) => {
    throw failed(target, textOf(cause), cause);
  });
  if (typeof channel === "function") throw new TypeError("Cannot use a channel that opens itself again");
  return channel;
}

/** What comes from the pod; it comes no faster than the client takes it. */
function outputTo(socket: Socket, joint: { readonly channel?: Channel }): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (chunk.length > 0 && !socket.write(chunk)) {
        joint.channel?.pause();
        socket.once("drain", () => joint.channel?.resume());
      }
      done();
    },
  });
}

/** Until one of them is closed; the other is then closed too, when it has written what it has. */
async function untilClosed(channel: Channel, socket: Socket): Promise<void> {
  const closing = Promise.withResolvers<void>();
  channel.on("close", () => closing.resolve());
  socket.on("close", () => closing.resolve());
  if (channel.readyState !== channel.CLOSED && !socket.closed) await closing.promise;
  socket.end();
  channel.terminate();
}

async function rejection(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}

/** The library gives events in place of errors. */
function textOf(cause: unknown): string {
  const isEvent = typeof cause === "object" && cause !== null && "message" in cause;
  return isEvent ? String(cause.message) : String(cause);
}

function failed({ namespace, pod, port }: PodPort, problem: string, cause?: unknown): CliError {
  return new CliError("CONNECTION", `Cannot connect to port ${port} of pod "${namespace}/${pod}": ${problem}`, {
    cause,
  });
}

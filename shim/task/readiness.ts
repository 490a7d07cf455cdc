import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { waitAtMost } from "@rcm/lib/wait-at-most";
import { pipe2 } from "../linux/descriptor.ts";

/**
 * Longest wait for a program to be ready, in milliseconds: what takes longer is shown as running all the same. Kubelet
 * starts a pod's containers one after another, and waits two minutes for each.
 */
const READY_MS = 10_000;

/**
 * Tells when a container's program has begun its work, as by listening. The program has one end of a pipe, and closes it
 * then, or by ending.
 */
export class Readiness {
  /** The program's end. */
  readonly fd: number;
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #isHandedOver = false;

  constructor() {
    const { readEnd, writeEnd } = pipe2();
    this.fd = writeEnd;
    this.#socket = new Socket({ fd: readEnd, readable: true, writable: false });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    this.#socket.once("close", resolve);
    this.#socket.on("error", () => undefined); // It is closed then.
    this.#socket.resume();
  }

  /** To be called once the program has it. */
  handedOver(): void {
    if (!this.#isHandedOver) closeSync(this.fd);
    this.#isHandedOver = true;
  }

  /** Returns once the program is ready, has ended, or takes too long, or nobody waits for it any more. */
  async wait(call: AbortSignal): Promise<void> {
    await waitAtMost(READY_MS, this.#closed, call);
    this.#socket.destroy();
  }

  /** Nobody is going to wait. */
  close(): void {
    this.handedOver();
    this.#socket.destroy();
  }
}

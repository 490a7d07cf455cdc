import { constants } from "node:fs";
import { checkResult, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/fcntl.2.html */
const F_GETFL = 3;
const F_SETFL = 4;
const O_CLOEXEC = 0o2_000_000;

const FIONREAD = 0x541bn;

const pipe2Call = libcFunction("pipe2", { arguments: ["pointer", "i32"], return: "i32" });
const ioctl = libcFunction("ioctl", { arguments: ["i32", "u64", "pointer"], return: "i32" });
const fcntl = libcFunction("fcntl", { arguments: ["i32", "i32", "i64"], return: "i32" });

/** Both ends of a new pipe, blocking and closed on exec. */
export function pipe2(): { readonly readEnd: number; readonly writeEnd: number } {
  const ends = new Int32Array(2);
  checkResult(pipe2Call()(ends, O_CLOEXEC), () => "make a pipe");
  const [readEnd = -1, writeEnd = -1] = ends;
  return { readEnd, writeEnd };
}

/** How many bytes can be read from `fd` at once. */
export function readableBytes(fd: number): number {
  const count = new Int32Array(1);
  checkResult(ioctl()(fd, FIONREAD, count), () => `ask for the readable bytes of fd ${fd}`);
  return count[0] ?? 0;
}

export function setNonBlock(fd: number): void {
  const flags = checkResult(fcntl()(fd, F_GETFL, 0n), () => `read the flags of fd ${fd}`);
  checkResult(fcntl()(fd, F_SETFL, BigInt(flags | constants.O_NONBLOCK)), () => `set the flags of fd ${fd}`);
}

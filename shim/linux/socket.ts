import { getRawPointer } from "node:ffi";
import { chmodSync, closeSync, mkdirSync } from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import { LinuxError } from "./errors.ts";
import { checkResult, lastErrno, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man7/unix.7.html */
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2_000_000;
const SUN_PATH_BYTES = 108;

const BACKLOG = 128;

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** struct msghdr, struct iovec, struct cmsghdr with one fd, and one byte of data, in one buffer (64-bit layout). */
const MSGHDR_BYTES = 56;
const IOVEC_AT = 56;
const CONTROL_AT = 72;
const CONTROL_BYTES = 24;
const DATA_AT = 96;
const DATA_BYTES = 4096;

const socketCall = libcFunction("socket", { arguments: ["i32", "i32", "i32"], return: "i32" });
const bindCall = libcFunction("bind", { arguments: ["i32", "pointer", "u32"], return: "i32" });
const listenCall = libcFunction("listen", { arguments: ["i32", "i32"], return: "i32" });
const accept4 = libcFunction("accept4", { arguments: ["i32", "pointer", "pointer", "i32"], return: "i32" });
const recvmsg = libcFunction("recvmsg", { arguments: ["i32", "pointer", "i32"], return: "i64" });

/**
 * Makes a Unix socket at `path` (mode 0600; a missing folder gets 0700) and listens on it. The fd is closed on exec,
 * unless it is given to `spawn` in `stdio`; the other side serves it by `server.listen({ fd })`.
 *
 * @throws {LinuxError} `EADDRINUSE` when something is at `path`, `ENAMETOOLONG`.
 */
export function listenUnix(path: string): number {
  const action = `listen on "${path}"`;
  const address = socketAddress(path, action);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fd = checkResult(socketCall()(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), () => action);
  try {
    checkResult(bindCall()(fd, address, address.length), () => action);
    chmodSync(path, 0o600); // Nobody can connect yet.
    checkResult(listenCall()(fd, BACKLOG), () => action);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A connection that waits on the listening socket `fd`, if there is one. To be closed by the caller. */
export function acceptNow(fd: number): number | undefined {
  const connection = accept4()(fd, null, null, SOCK_CLOEXEC);
  if (connection === -1 && lastErrno() === constants.errno.EAGAIN) return undefined;
  return checkResult(connection, () => `accept a connection on fd ${fd}`);
}

/** The file descriptor that waits on the connected Unix socket `fd`, if there is one. It will be closed on exec. */
export function receiveFd(fd: number): number | undefined {
  const buffer = new ArrayBuffer(DATA_AT + DATA_BYTES);
  const at = getRawPointer(buffer);
  const view = new DataView(buffer);
  view.setBigUint64(16, at + BigInt(IOVEC_AT), true); // msg_iov
  view.setBigUint64(24, 1n, true); // msg_iovlen
  view.setBigUint64(32, at + BigInt(CONTROL_AT), true); // msg_control
  view.setBigUint64(40, BigInt(CONTROL_BYTES), true); // msg_controllen
  view.setBigUint64(IOVEC_AT, at + BigInt(DATA_AT), true);
  view.setBigUint64(IOVEC_AT + 8, BigInt(DATA_BYTES), true);
  const received = recvmsg()(fd, new Uint8Array(buffer, 0, MSGHDR_BYTES), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received === -1n && lastErrno() === constants.errno.EAGAIN) return undefined;
  checkResult(received, () => `receive a file descriptor on fd ${fd}`);
  const controlBytes = view.getBigUint64(40, true);
  const isRights =
    view.getInt32(CONTROL_AT + 8, true) === SOL_SOCKET && view.getInt32(CONTROL_AT + 12, true) === SCM_RIGHTS;
  return controlBytes > 0n && isRights ? view.getInt32(CONTROL_AT + 16, true) : undefined;
}

function socketAddress(path: string, action: string): Buffer {
  const name = Buffer.from(`${path}\0`);
  if (name.length > SUN_PATH_BYTES || path.includes("\0") || path === "") {
    throw new LinuxError("ENAMETOOLONG", action, `a socket's path has 1 to ${SUN_PATH_BYTES - 1} bytes, no NUL`);
  }
  const address = Buffer.alloc(2 + name.length);
  address.writeUInt16LE(AF_UNIX);
  name.copy(address, 2);
  return address;
}

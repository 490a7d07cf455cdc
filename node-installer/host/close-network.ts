import { dlopen, getRawPointer } from "node:ffi";
import { InstallError } from "../errors.ts";

/** Numbers that differ: https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/audit.h and each unistd.h */
const MACHINES: Readonly<Record<string, Machine>> = {
  x64: { audit: 0xc0_00_00_3e, socket: 41, seccomp: 317n },
  arm64: { audit: 0xc0_00_00_b7, socket: 198, seccomp: 277n },
};

interface Machine {
  readonly audit: number;
  /** Numbers of system calls. */
  readonly socket: number;
  readonly seccomp: bigint;
}

/** Could open sockets by another way; the same number on both machines. */
const IO_URING_SETUP = 425;
/** Calls of x86-64's x32 begin here. */
const OTHER_ABI = 0x40_00_00_00;
const AF_UNIX = 1;

/** @see https://man7.org/linux/man-pages/man2/seccomp.2.html */
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1n;
const SECCOMP_FILTER_FLAG_TSYNC = 1n;
const ALLOW = 0x7f_ff_00_00;
/** Fails with EACCES. */
const REFUSE = 0x00_05_00_0d;

/** BPF: load a word of the call, jump if equal, jump if greater or equal, return. */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;
/** Where the kernel has what about the call: `struct seccomp_data`, little-endian. */
const AT = { call: 0, machine: 4, firstArgument: 16 } as const;

/**
 * From now on this process, its threads and its children can open Unix sockets only. Containers of a pod share the pod's
 * network, and this needs no privilege: a filter of system calls in the kernel, which nobody can take back.
 *
 * @throws {InstallError} `InternalError` where the kernel refuses it.
 */
export function closeNetwork(): void {
  const machine = MACHINES[process.arch];
  if (machine === undefined) throw refused(`there is no filter for ${process.arch}`);
  const { functions: libc } = dlopen("libc.so.6", {
    prctl: { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" },
    syscall: { arguments: ["i64", "i64", "i64", "pointer"], return: "i64" },
  });
  const filter = filterFor(machine);
  const program = new BigUint64Array([BigInt(filter.length / 8), getRawPointer(filter.buffer)]);
  libc.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n); // Kubernetes has done so already; without it only root may go on.
  const answer = libc.syscall(machine.seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program);
  if (answer === 0n) return;
  throw refused(answer > 0n ? `thread ${answer} has another filter` : "the kernel refused the filter");
}

/** 8 bytes an instruction: operation, how many to skip if true and if false, operand. */
function filterFor({ audit, socket }: Machine): Uint8Array<ArrayBuffer> {
  const lines = [
    [LOAD, 0, 0, AT.machine],
    [IF_EQUAL, 0, 7, audit],
    [LOAD, 0, 0, AT.call],
    [IF_AT_LEAST, 5, 0, OTHER_ABI],
    [IF_EQUAL, 4, 0, IO_URING_SETUP],
    [IF_EQUAL, 0, 2, socket],
    [LOAD, 0, 0, AT.firstArgument],
    [IF_EQUAL, 0, 1, AF_UNIX],
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, REFUSE],
  ] as const;
  const view = new DataView(new ArrayBuffer(lines.length * 8));
  for (const [at, [code, ifTrue, ifFalse, operand]] of lines.entries()) {
    view.setUint16(at * 8, code, true);
    view.setUint8(at * 8 + 2, ifTrue);
    view.setUint8(at * 8 + 3, ifFalse);
    view.setUint32(at * 8 + 4, operand, true);
  }
  return new Uint8Array(view.buffer);
}

function refused(why: string): InstallError {
  return new InstallError(
    "InternalError",
    `Cannot close the network of this process: ${why}: look at its seccomp profile`,
  );
}

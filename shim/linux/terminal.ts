import { checkResult, libcFunction } from "./libc.ts";

const TIOCSWINSZ = 0x5414n;

/** Of a terminal's width or height; the kernel keeps 16 bits. */
const MAX_CELLS = 0xffff;

const ioctl = libcFunction("ioctl", { arguments: ["i32", "u64", "pointer"], return: "i32" });

/** Tells the terminal behind `fd` its size, in characters; more than 65535 counts as that many. */
export function setWindowSize(fd: number, columns: number, rows: number): void {
  const size = Uint16Array.of(Math.min(rows, MAX_CELLS), Math.min(columns, MAX_CELLS), 0, 0);
  checkResult(ioctl()(fd, TIOCSWINSZ, size), () => `set the size of the terminal behind fd ${fd}`);
}

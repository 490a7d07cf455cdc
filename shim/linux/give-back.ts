import { readFileSync } from "node:fs";
import { cleanMappings } from "./clean-mappings.ts";
import type { Mapping } from "./clean-mappings.ts";
import { collectGarbage } from "./collect-garbage.ts";
import type { Thoroughness } from "./collect-garbage.ts";
import { checkResult, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/madvise.2.html */
const MADV_DONTNEED = 4;

/** What V8 has to do after a collection of garbage takes a few milliseconds. */
const SETTLE_MS = 500;

const madvise = libcFunction("madvise", { arguments: ["u64", "u64", "i32"], return: "i32" });
const mallocTrim = libcFunction("malloc_trim", { arguments: ["u64"], return: "i32" });

/**
 * Gives memory back to the kernel that this process has touched and may never touch again: garbage (and, if `what` says so,
 * compiled code) of JavaScript, free memory of the C library, and after half a second pages of programs and libraries. Those stay in the page cache,
 * and are mapped again, sixteen at a time, where they are needed: what runs after that is what the process keeps. Takes
 * some 30 ms.
 *
 * @param onProblem is told why memory could not be given back.
 */
export function giveBackMemory(what: Thoroughness, onProblem: (error: unknown) => void): void {
  let mappings: readonly Mapping[] = [];
  try {
    mappings = cleanMappings(readFileSync("/proc/self/smaps", "latin1"));
    collectGarbage(what);
    mallocTrim()(0n); // There is much of it after code was compiled.
  } catch (error) {
    onProblem(error);
  }
  setTimeout(() => {
    try {
      dropPages(mappings);
    } catch (error) {
      onProblem(error);
    }
  }, SETTLE_MS).unref();
}

/**
 * Those of the program last, whose address is the lowest: the loop itself needs them too. Only of what is still mapped: what
 * has come to its address since may not be in any file.
 */
function dropPages(mappings: readonly Mapping[]): void {
  const lines = new Set(readFileSync("/proc/self/maps", "latin1").split("\n"));
  const left = mappings.filter(({ line }) => lines.has(line));
  for (const { address, bytes } of left.toReversed()) {
    checkResult(madvise()(address, bytes, MADV_DONTNEED), () => `give back ${String(bytes)} bytes`);
  }
}

/** A part of a process's address space. */
export interface Mapping {
  readonly address: bigint;
  readonly bytes: bigint;
  /** What `/proc/<pid>/maps` says of it. */
  readonly line: string;
}

/** Address, permissions, offset, device, inode, path. */
const FIRST_LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) [0-9a-f]+ \S+ (\d+) /u;
const ANONYMOUS = /^Anonymous:\s+(\d+) kB$/u;

/**
 * The mappings of files that hold nothing but what the files have, and that nobody may write to: program code and
 * constants. (Constants that the loader has relocated are not among them.)
 *
 * @param smaps a process's `/proc/<pid>/smaps`.
 */
export function cleanMappings(smaps: string): readonly Mapping[] {
  const found: Mapping[] = [];
  let current: Mapping | undefined;
  for (const line of smaps.split("\n")) {
    const first = FIRST_LINE.exec(line);
    if (first !== null) current = fixedMapping(first);
    else if (current !== undefined && ANONYMOUS.exec(line)?.[1] === "0") found.push(current);
  }
  return found;
}

function fixedMapping({
  input,
  1: from = "",
  2: to = "",
  3: permissions,
  4: inode,
}: RegExpExecArray): Mapping | undefined {
  if (inode === "0" || (permissions !== "r-xp" && permissions !== "r--p")) return undefined;
  const address = BigInt(`0x${from}`);
  return { address, bytes: BigInt(`0x${to}`) - address, line: input };
}

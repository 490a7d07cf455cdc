/** How cgroups say "no limit", and how containerd's messages do. */
const NO_LIMIT = 0xffff_ffff_ffff_ffffn;

/** A whole number, or "max". `undefined`: neither, or no file. */
export function parseCount(text: string | undefined): bigint | undefined {
  const trimmed = text?.trim();
  if (trimmed === "max") return NO_LIMIT;
  return trimmed !== undefined && /^\d{1,20}$/.test(trimmed) ? BigInt.asUintN(64, BigInt(trimmed)) : undefined;
}

/** Lines of a name and a number. */
export function parsePairs(text: string | undefined): ReadonlyMap<string, bigint> {
  const pairs = new Map<string, bigint>();
  for (const line of (text ?? "").split("\n")) {
    const end = line.indexOf(" ");
    const value = end === -1 ? undefined : parseCount(line.slice(end + 1));
    if (value !== undefined) pairs.set(line.slice(0, end), value);
  }
  return pairs;
}

/** An object of numbers from a table: its fields, and what each is called in `pairs`. What is not there is 0. */
export function pick<Field extends string>(
  names: Readonly<Record<Field, string>>,
  pairs: ReadonlyMap<string, bigint>,
): Readonly<Record<Field, bigint>> {
  const entries = Object.entries<string>(names).map(([field, name]) => [field, pairs.get(name) ?? 0n]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.entries() forgets the names of the fields
  return Object.fromEntries(entries) as Record<Field, bigint>;
}

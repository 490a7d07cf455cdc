/** Where two values differ, as "path: expected, seen": a list to read instead of two long replies. */
export function differences(expected: unknown, seen: unknown, path = ""): readonly string[] {
  if (isTree(expected) && isTree(seen)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(seen)])];
    return keys.flatMap((key) => differences(expected[key], seen[key], `${path}/${key}`));
  }
  return Object.is(expected, seen) ? [] : [`${path}: ${shown(expected)}, seen ${shown(seen)}`];
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) as string | undefined)?.slice(0, 1000) ?? "nothing";
}

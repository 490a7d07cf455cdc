import type { RoutePattern, Segment } from "./route-pattern.ts";

const REST = 2;

/**
 * Order in which patterns are tried: segment by segment a literal before a name before the rest. Of two that a path
 * matches the better one comes first; of others the order means nothing.
 */
export function compareRoutes(one: RoutePattern, other: RoutePattern): number {
  const count = Math.max(one.segments.length, other.segments.length) + 1;
  for (let index = 0; index < count; index += 1) {
    const difference = rankAt(one, index) - rankAt(other, index);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Equal for patterns that the same paths match: names are left out. */
export function shapeOf({ segments, isWildcard }: RoutePattern): string {
  const shapes = segments.map((segment) =>
    segment.map((piece) => (piece.kind === "name" ? ":" : piece.text)).join("."),
  );
  return `/${[...shapes, ...(isWildcard ? ["*"] : [])].join("/")}`;
}

/** From 0 for a literal to 1 for a name. */
function rankAt({ segments, isWildcard }: RoutePattern, index: number): number {
  const segment = segments[index];
  if (segment === undefined) return isWildcard ? REST : 0;
  return namesIn(segment) / segment.length;
}

function namesIn(segment: Segment): number {
  return segment.filter(({ kind }) => kind === "name").length;
}

import type { RoutePattern, Segment } from "./route-pattern.ts";

export interface PathMatch {
  /** The values of the pattern's names, in its order; not decoded. */
  readonly names: readonly (readonly [name: string, value: string])[];
  /** What `...` stands for: empty, or with a `/` in front, and one at its end if the path has any there. */
  readonly pathInfo: string;
}

/**
 * @param path as in the request, without the query.
 * @param parts its segments
 */
export function matchRoute(pattern: RoutePattern, path: string, parts: readonly string[]): PathMatch | undefined {
  const { segments, isWildcard } = pattern;
  if (isWildcard ? parts.length < segments.length : parts.length !== segments.length) return undefined;
  const names: (readonly [string, string])[] = [];
  for (const [index, segment] of segments.entries()) {
    const values = matchSegment(segment, parts[index] ?? "");
    if (values === undefined) return undefined;
    names.push(...values);
  }
  return { names, pathInfo: isWildcard ? pathInfoOf(path, parts.slice(segments.length)) : "" };
}

/** @param rest the segments after those of the pattern. */
export function pathInfoOf(path: string, rest: readonly string[]): string {
  const before = rest.length === 0 ? "" : `/${rest.join("/")}`;
  return path.endsWith("/") ? `${before}/` : before;
}

/** A name takes all up to the next dot, the last one of a segment all of it; never nothing. */
function matchSegment(segment: Segment, text: string): readonly (readonly [string, string])[] | undefined {
  const values: (readonly [string, string])[] = [];
  let rest: string | undefined = text;
  for (const [index, piece] of segment.entries()) {
    if (rest === undefined) return undefined;
    const dot: number = index === segment.length - 1 ? -1 : rest.indexOf(".");
    const value: string = dot < 0 ? rest : rest.slice(0, dot);
    if (piece.kind === "literal" ? value !== piece.text : value === "") return undefined;
    if (piece.kind === "name") values.push([piece.name, value]);
    rest = dot < 0 ? undefined : rest.slice(dot + 1);
  }
  return values;
}

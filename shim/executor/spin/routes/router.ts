import { compareRoutes, shapeOf } from "./compare-routes.ts";
import { matchRoute, type PathMatch, pathInfoOf } from "./match-route.ts";
import { parseRoutePattern, type RoutePattern, segmentsOf } from "./route-pattern.ts";

export interface RouteEntry<Target> {
  /** As in the manifest. `undefined`: private, no path leads there. */
  readonly route: string | undefined;
  /** For messages: `component "hello"`. */
  readonly owner: string;
  readonly target: Target;
}

export interface Route<Target> {
  readonly pattern: RoutePattern;
  readonly owner: string;
  readonly target: Target;
}

export interface RouteMatch<Target> extends PathMatch {
  readonly pattern: RoutePattern;
  readonly target: Target;
}

/** A route that no request reaches, as a later one has the same pattern. */
export interface ReplacedRoute {
  readonly route: string;
  readonly owner: string;
  /** Of the one that counts. */
  readonly by: string;
}

/** Everything below `/`. */
const WHOLE: RoutePattern = { text: "/...", segments: [], isWildcard: true };

/**
 * Finds the route of a path. Patterns: literal segments, `:name` for one segment (or a part of it between dots), `...`
 * or `*` at the end for any rest, also none. The best match counts, whatever the order: segment by segment a literal
 * before a name before the rest. A `/` at the end of pattern or path means nothing. Nothing is decoded: a route for
 * `/a b` is written `/a%20b`.
 */
export class Router<Target> {
  /** Those that requests can reach, in the order of the manifest. */
  readonly routes: readonly Route<Target>[];
  /** To be reported: the author hardly meant it. */
  readonly replaced: readonly ReplacedRoute[];
  /** By their path: most routes are, and none can be better. */
  readonly #literals: ReadonlyMap<string, Route<Target>>;
  readonly #patterns: readonly Route<Target>[];

  /** @throws {SpinError} `INVALID` for a route that is no pattern. */
  constructor(entries: readonly RouteEntry<Target>[]) {
    const byShape = new Map<string, Route<Target>>();
    const replaced: ReplacedRoute[] = [];
    for (const { route, owner, target } of entries) {
      if (route === undefined) continue;
      const pattern = parseRoutePattern(route, owner);
      const shape = shapeOf(pattern);
      const before = byShape.get(shape);
      if (before !== undefined) replaced.push({ route: before.pattern.text, owner: before.owner, by: owner });
      byShape.set(shape, { pattern, owner, target });
    }
    this.routes = [...byShape.values()];
    this.replaced = replaced;
    this.#literals = new Map([...byShape].filter(([, { pattern }]) => isLiteral(pattern)));
    this.#patterns = this.routes
      .filter(({ pattern }) => !isLiteral(pattern))
      .toSorted((one, other) => compareRoutes(one.pattern, other.pattern));
  }

  /** @param path of the request, without its query. */
  match(path: string): RouteMatch<Target> | undefined {
    const parts = segmentsOf(path);
    const literal = this.#literals.get(`/${parts.join("/")}`);
    if (literal !== undefined) return { pattern: literal.pattern, target: literal.target, names: [], pathInfo: "" };
    for (const { pattern, target } of this.#patterns) {
      const match = matchRoute(pattern, path, parts);
      if (match !== undefined) return { pattern, target, ...match };
    }
    return undefined;
  }
}

/** As if the target had the route `/...`: for requests between components. */
export function matchWhole<Target>(target: Target, path: string): RouteMatch<Target> {
  return { pattern: WHOLE, target, names: [], pathInfo: pathInfoOf(path, segmentsOf(path)) };
}

function isLiteral({ segments, isWildcard }: RoutePattern): boolean {
  return !isWildcard && segments.flat().every(({ kind }) => kind === "literal");
}

import type { RouteMatch, Router } from "../routes/router.ts";

/** Enough for applications whose paths are few; those of the others are made up by clients, without end. */
const MAX_PATHS = 512;
const MAX_LENGTH = 256;

/** A router that remembers which way it led: most requests come by few paths. */
export class KnownRoutes<Target> {
  readonly #router: Router<Target>;
  readonly #known = new Map<string, RouteMatch<Target>>();

  constructor(router: Router<Target>) {
    this.#router = router;
  }

  /** As {@link Router.match}. */
  match(path: string): RouteMatch<Target> | undefined {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const match = this.#router.match(path);
    if (match !== undefined && path.length <= MAX_LENGTH) {
      if (this.#known.size >= MAX_PATHS) this.#known.clear();
      this.#known.set(path, match);
    }
    return match;
  }
}

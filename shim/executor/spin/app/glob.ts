/** A pattern of paths, as {@link parseGlob} reads it. */
export type Glob = readonly GlobToken[];

type GlobToken =
  | { readonly kind: "character"; readonly character: string }
  /** `?` */
  | { readonly kind: "one" }
  /** `[a-z]`, `[!a-z]` */
  | { readonly kind: "class"; readonly isNegated: boolean; readonly ranges: readonly CharacterRange[] }
  /** `*` */
  | { readonly kind: "star" }
  /** A `**` at the end: anything, also below folders. */
  | { readonly kind: "rest" }
  /** A `**` and its `/`: any number of folders, also none. */
  | { readonly kind: "folders" };

type CharacterRange = readonly [first: string, last: string];

/** Whether `*`, `?` and classes stand for a `/`, too. */
export type GlobReach = "one-folder" | "all-folders";

/** A whole part of the path is `**`, or none of it. */
const DOUBLE_STAR_WITHIN = /[^/]\*\*|\*\*[^/]/;
const SPECIAL = /[*?[\]]/;

/** Whether it is more than the path of one file. */
export function isGlob(text: string): boolean {
  return SPECIAL.test(text);
}

/**
 * `*`, `?`, `[a-z]`, `[!a-z]`, and `**` for any number of folders. Names that begin with a dot are nothing special.
 *
 * @returns `undefined` if it is no pattern: a `[` without its `]`, a `**` beside other characters.
 */
export function parseGlob(pattern: string): Glob | undefined {
  if (DOUBLE_STAR_WITHIN.test(pattern)) return undefined;
  const tokens: GlobToken[] = [];
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length;) {
    const read = readToken(characters, at);
    if (read === undefined) return undefined;
    tokens.push(read.token);
    at = read.next;
  }
  return tokens;
}

interface ReadToken {
  readonly token: GlobToken;
  readonly next: number;
}

function readToken(characters: readonly string[], at: number): ReadToken | undefined {
  const character = characters[at] ?? "";
  if (character === "?") return { token: { kind: "one" }, next: at + 1 };
  if (character === "[") return readClass(characters, at + 1);
  if (character !== "*") return { token: { kind: "character", character }, next: at + 1 };
  if (characters[at + 1] !== "*") return { token: { kind: "star" }, next: at + 1 };
  if (characters[at + 2] === "/") return { token: { kind: "folders" }, next: at + 3 };
  return { token: { kind: "rest" }, next: at + 2 };
}

/** A `]` that is its first character is part of it. */
function readClass(characters: readonly string[], from: number): ReadToken | undefined {
  const isNegated = characters[from] === "!";
  const first = isNegated ? from + 1 : from;
  const end = characters.indexOf("]", first + 1);
  if (end < 0) return undefined;
  const ranges: CharacterRange[] = [];
  for (let at = first; at < end; at += 1) {
    const character = characters[at] ?? "";
    const isRange = characters[at + 1] === "-" && at + 2 < end;
    ranges.push([character, isRange ? (characters[at + 2] ?? "") : character]);
    if (isRange) at += 2;
  }
  return { token: { kind: "class", isNegated, ranges }, next: end + 1 };
}

/** All states at once, so that no pattern takes longer than its length times that of the path. */
export function matchesGlob(glob: Glob, path: string, reach: GlobReach): boolean {
  let states = new Set<number>();
  enter(glob, 0, states);
  for (const character of path) {
    const next = new Set<number>();
    for (const state of states) step(glob, state, { character, reach }, next);
    states = next;
  }
  return states.has(glob.length);
}

/** Into a state, and into those behind it if its token may stand for nothing. */
function enter(glob: Glob, state: number, into: Set<number>): void {
  for (let at = state; ; at += 1) {
    into.add(at);
    const kind = glob[at]?.kind;
    if (kind !== "star" && kind !== "rest" && kind !== "folders") return;
  }
}

interface Step {
  readonly character: string;
  readonly reach: GlobReach;
}

function step(glob: Glob, state: number, taken: Step, into: Set<number>): void {
  const token = glob[state];
  if (token === undefined || !fits(token, taken)) return;
  if (token.kind === "folders") {
    into.add(state);
    if (taken.character === "/") enter(glob, state + 1, into);
    return;
  }
  enter(glob, token.kind === "rest" || token.kind === "star" ? state : state + 1, into);
}

function fits(token: GlobToken, { character, reach }: Step): boolean {
  if (token.kind === "rest" || token.kind === "folders") return true;
  if (token.kind === "character") return token.character === character;
  if (character === "/" && reach === "one-folder") return false;
  if (token.kind !== "class") return true;
  return token.ranges.some(([first, last]) => first <= character && character <= last) !== token.isNegated;
}

import { quote } from "../document/quote.ts";
import { SpinError } from "../errors.ts";

/** A route as it is compared with paths. */
export interface RoutePattern {
  /** As written in the manifest: `/users/:id/...`. */
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Whether it takes all that begins so, too. */
  readonly isWildcard: boolean;
}

/** What is between two `/`: the pieces between its dots. */
export type Segment = readonly Piece[];

export type Piece =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "name"; readonly name: string };

const MAX_LENGTH = 4096;
const MAX_SEGMENTS = 128;
/** It becomes the name of a header. */
const NAME = /^[A-Za-z][\w-]*$/;
/** What the path of a request never has: such a route could not be reached. */
const UNREACHABLE = /[^!"$->@-~]/;

/**
 * @param owner of the route, for messages: `component "hello"`.
 * @throws {SpinError} `INVALID`
 */
export function parseRoutePattern(text: string, owner: string): RoutePattern {
  const parts = segmentsOf(text);
  const isWildcard = isRest(parts.at(-1));
  const fixed = isWildcard ? parts.slice(0, -1) : parts;
  const segments = fixed.map((part) => part.split(".").map(pieceOf));
  const problem = problemOfText(text) ?? problemOfParts(fixed) ?? problemOfNames(segments);
  if (problem === undefined) return { text, segments, isWildcard };
  throw new SpinError("INVALID", `Cannot use the route ${quote(text)} of ${owner}: ${problem}`);
}

function problemOfText(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `it has more than ${String(MAX_LENGTH)} characters: shorten it`;
  const [character] = UNREACHABLE.exec(text) ?? [];
  if (character === undefined) return undefined;
  return `no path of a request has ${quote(character)} in it: take it out, or write it as %XX`;
}

function problemOfParts(parts: readonly string[]): string | undefined {
  if (parts.length > MAX_SEGMENTS) return `it has more than ${String(MAX_SEGMENTS)} segments: shorten it`;
  if (parts.some((part) => isRest(part))) return '"..." and "*" stand for the rest: put it at the end';
  return parts.includes("") ? 'it has "//" in it: write one /' : undefined;
}

function problemOfNames(segments: readonly Segment[]): string | undefined {
  const names = segments.flat().flatMap((piece) => (piece.kind === "name" ? [piece.name] : []));
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) return `":${wrong}" is no name: use letters, digits, _ and - after the :`;
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? undefined : `it has ":${twice}" twice: give them different names`;
}

/** The segments of a path, without those that `/` at its ends would make. */
export function segmentsOf(path: string): readonly string[] {
  let from = 0;
  let to = path.length;
  while (from < to && path[from] === "/") from += 1;
  while (to > from && path[to - 1] === "/") to -= 1;
  return from === to ? [] : path.slice(from, to).split("/");
}

function isRest(part: string | undefined): boolean {
  return part === "..." || part === "*";
}

function pieceOf(text: string): Piece {
  return text.startsWith(":") ? { kind: "name", name: text.slice(1) } : { kind: "literal", text };
}

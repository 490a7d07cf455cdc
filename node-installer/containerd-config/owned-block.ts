import { InstallError } from "../errors.ts";
import type { Statement } from "./toml-scan.ts";
import { scanToml } from "./toml-scan.ts";
import { lineAt, lineBreakOf } from "./toml-text.ts";

/** Lines of ours in a configuration: from a comment `# BEGIN runtime-class-manager <name>` to its `# END`. */
export interface OwnedBlock {
  readonly name: string;
  /** Offset of the `#` of the first line. */
  readonly start: number;
  /** Behind the last character of the last line, in front of its line break. */
  readonly end: number;
}

const OWNER = "runtime-class-manager";
const MARK = /^\uFEFF?[ \t]*# (BEGIN|END) runtime-class-manager ([^\r\n]*?)[ \t]*$/gm;

interface Mark {
  readonly kind: "BEGIN" | "END";
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The lines of a block, marks included. */
export function blockLines(name: string, lines: readonly string[]): readonly string[] {
  return [`# BEGIN ${OWNER} ${name}`, ...lines, `# END ${OWNER} ${name}`];
}

/**
 * Finds our blocks in a text that `parseToml` accepts; what looks like a mark inside a string is none.
 *
 * @throws {InstallError} `ConfigInvalid` with the line, for marks without a partner, nested or repeated.
 */
export function ownedBlocks(text: string, path: string): readonly OwnedBlock[] {
  const blocks: OwnedBlock[] = [];
  let open: Mark | undefined;
  for (const mark of marksIn(text)) {
    if (mark.kind === "BEGIN" ? open !== undefined : open?.name !== mark.name) throw brokenMark(text, path, mark);
    if (mark.kind === "BEGIN" && blocks.some(({ name }) => name === mark.name)) throw brokenMark(text, path, mark);
    if (open !== undefined) blocks.push({ name: mark.name, start: open.start, end: mark.end });
    open = mark.kind === "BEGIN" ? mark : undefined;
  }
  if (open !== undefined) throw brokenMark(text, path, open);
  return blocks;
}

function marksIn(text: string): readonly Mark[] {
  const statements = scanToml(text);
  return [...text.matchAll(MARK)]
    .map(({ 0: line, 1: kind, 2: name = "", index }) => ({
      kind: kind === "END" ? ("END" as const) : ("BEGIN" as const),
      name,
      start: index + line.indexOf("#"),
      end: index + line.length,
    }))
    .filter(({ start }) => !statements.some((statement) => isWithin({ start, end: start }, statement)));
}

export function isWithin(
  inner: Readonly<Pick<Statement, "start" | "end">>,
  outer: Readonly<Pick<Statement, "start" | "end">>,
): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function brokenMark(text: string, path: string, { kind, name, start }: Mark): InstallError {
  return new InstallError(
    "ConfigInvalid",
    `Cannot tell which lines of "${path}" are ours: line ${lineAt(text, start)} has "# ${kind} ${OWNER} ${name}" without its partner: restore or remove those comment lines`,
  );
}

/**
 * Adds a block behind all that is there. A text whose last line has no line break keeps that peculiarity, by which
 * `withoutBlock` can take the block out again to the byte.
 */
export function withBlock(text: string, name: string, lines: readonly string[]): string {
  const lineBreak = lineBreakOf(text);
  const block = blockLines(name, lines).join(lineBreak);
  return /(?:^\uFEFF?|\n)$/.test(text) ? `${text}${block}${lineBreak}` : `${text}${lineBreak}${block}`;
}

/** Puts other lines into a block, in its place. */
export function withBlockReplaced(text: string, block: OwnedBlock, lines: readonly string[]): string {
  const replacement = blockLines(block.name, lines).join(lineBreakOf(text));
  return `${text.slice(0, block.start)}${replacement}${text.slice(block.end)}`;
}

/** Takes a block out, with the line break behind it, or the one before it at the end of the text. */
export function withoutBlock(text: string, { start, end }: OwnedBlock): string {
  const [behind = ""] = /^\r?\n/.exec(text.slice(end)) ?? [];
  if (behind !== "") return text.slice(0, start) + text.slice(end + behind.length);
  return text.slice(0, start).replace(/\r?\n$/, "") + text.slice(end);
}

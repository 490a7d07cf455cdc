import { lineBreakOf } from "./containerd-config/toml-text.ts";

/**
 * Our runtime's lines at the end of a file, between two comments that say whose they are. The line break before the
 * first of them belongs to the block, so taking the block away gives the file's bytes back, whatever it ended with.
 */
export function addBlock(text: string, handler: string, lines: readonly string[]): string {
  const eol = lineBreakOf(text);
  return `${text}${eol}${begin(handler)}${eol}${lines.join(eol)}${eol}${end(handler)}${eol}`;
}

export function hasBlock(text: string, handler: string): boolean {
  return find(text, handler) !== undefined;
}

export function removeBlock(text: string, handler: string): string {
  const place = find(text, handler);
  return place === undefined ? text : text.slice(0, place.start) + text.slice(place.end);
}

function find(text: string, handler: string): { readonly start: number; readonly end: number } | undefined {
  const first = text.indexOf(begin(handler));
  const last = text.indexOf(end(handler), first);
  if (first < 0 || last < 0) return undefined;
  const break1 = text.slice(0, first).match(/\r?\n$/)?.[0].length ?? 0;
  const stop = last + end(handler).length;
  const break2 = /^\r?\n/.exec(text.slice(stop))?.[0].length ?? 0;
  return { start: first - break1, end: stop + break2 };
}

function begin(handler: string): string {
  return `# BEGIN runtime-class-manager "${handler}"`;
}

function end(handler: string): string {
  return `# END runtime-class-manager "${handler}"`;
}

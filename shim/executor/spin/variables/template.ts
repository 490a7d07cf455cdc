import { quote } from "../document/quote.ts";
import { SpinError } from "../errors.ts";

/** A text with variables in it: `Hello {{ name }}`. */
export type Template = readonly TemplatePart[];

export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string };

const MAX_PARTS = 4096;

/**
 * There is no way to write `{{` itself.
 *
 * @param owner of the template, for messages: `variable "greeting" of component "hello"`.
 * @throws {SpinError} `INVALID`
 */
export function parseTemplate(text: string, owner: string): Template {
  const [head = "", ...sections] = text.split("{{");
  if (sections.length * 2 > MAX_PARTS) {
    throw invalid(text, owner, `it has more than ${String(MAX_PARTS / 2)} variables in it: write fewer`);
  }
  const parts: TemplatePart[] = [{ kind: "text", text: head }];
  for (const section of sections) {
    const end = section.indexOf("}}");
    if (end < 0) throw invalid(text, owner, "a {{ in it has no }}: close it, or take it out");
    parts.push({ kind: "variable", name: section.slice(0, end).trim() });
    parts.push({ kind: "text", text: section.slice(end + 2) });
  }
  return parts.filter((part) => part.kind === "variable" || part.text !== "");
}

function invalid(text: string, owner: string, problem: string): SpinError {
  return new SpinError("INVALID", `Cannot use the template ${quote(text)}, ${owner}: ${problem}`);
}

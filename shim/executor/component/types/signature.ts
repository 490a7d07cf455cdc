import { nodeCrypto } from "@rcm/lib/late-modules";
import { withoutVersion } from "./extern-name.ts";
import type { FuncType, ResourceType, ValType } from "./wit-type.ts";

/**
 * A short text that two function types share if and only if they are the same to a host: all types, the names of fields
 * and cases, and which resources of which interfaces, whatever their version. Not the names of parameters: they are
 * passed by their place.
 */
export class Signatures {
  readonly #texts = new Map<ValType, string>();

  of({ params, result }: FuncType): string {
    const parts = params.map(({ type }) => this.#text(type));
    const text = `(${parts.join()})->${this.#optional(result)}`;
    return nodeCrypto().hash("sha256", text, "base64url").slice(0, 12);
  }

  #optional(type: ValType | undefined): string {
    return type === undefined ? "_" : this.#text(type);
  }

  #text(type: ValType): string {
    const known = this.#texts.get(type);
    if (known !== undefined) return known;
    const text = `${type.kind}${this.#inner(type)}`;
    this.#texts.set(type, text);
    return text;
  }

  #inner(type: ValType): string {
    if (type.kind === "record") return this.#named(type.fields);
    if (type.kind === "variant") return this.#named(type.cases);
    if (type.kind === "enum" || type.kind === "flags") return `{${type.names.join()}}`;
    if (type.kind === "own" || type.kind === "borrow") return `<${resourceText(type.resource)}>`;
    const parts = partsOf(type);
    return parts.length === 0 ? "" : `<${parts.map((part) => this.#optional(part)).join()}>`;
  }

  #named(parts: readonly { readonly name: string; readonly type: ValType | undefined }[]): string {
    return `{${parts.map(({ name, type }) => `${name}:${this.#optional(type)}`).join()}}`;
  }
}

function partsOf(type: ValType): readonly (ValType | undefined)[] {
  if (type.kind === "list") return [type.element];
  if (type.kind === "option") return [type.some];
  if (type.kind === "result") return [type.ok, type.err];
  return type.kind === "tuple" ? type.elements : [];
}

function resourceText({ origin }: ResourceType): string {
  return origin.kind === "host" ? `${withoutVersion(origin.interface)}#${origin.name}` : "guest";
}

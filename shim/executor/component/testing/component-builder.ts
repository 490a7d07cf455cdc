import { PRIMITIVES, type Primitive } from "../binary/component-ast.ts";
import { ByteWriter } from "../core/byte-writer.ts";

/** WIT types as data, for components that tests assemble. */
export type TypeText =
  | Primitive
  | { readonly list: TypeText }
  | { readonly record: Readonly<Record<string, TypeText>> }
  | { readonly tuple: readonly TypeText[] }
  | { readonly variant: Readonly<Record<string, TypeText | undefined>> }
  | { readonly enum: readonly string[] }
  | { readonly flags: readonly string[] }
  | { readonly option: TypeText }
  | { readonly result: { readonly ok?: TypeText; readonly err?: TypeText } };

const COMPONENT = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
export const SECTION = {
  coreModule: 1,
  coreInstance: 2,
  coreType: 3,
  component: 4,
  instance: 5,
  alias: 6,
  type: 7,
  canon: 8,
  start: 9,
  import: 10,
  export: 11,
} as const;

/** Assembles a component, section by section; each definition is a section of its own. */
export class ComponentBuilder {
  readonly #out = new ByteWriter().u8(...COMPONENT);
  #types = 0;

  section(id: number, body: ByteWriter): this {
    this.#out.section(id, body);
    return this;
  }

  /** One definition in a section of that kind. */
  define(id: number, body: ByteWriter): this {
    return this.section(id, new ByteWriter().u32(1).bytes(body.finish()));
  }

  module(bytes: Uint8Array): this {
    return this.section(SECTION.coreModule, new ByteWriter().bytes(bytes));
  }

  /** Adds a type, its parts before it. @returns its index. */
  type(type: TypeText): number {
    return this.rawType(this.#encode(type));
  }

  rawType(body: ByteWriter): number {
    this.define(SECTION.type, body);
    this.#types += 1;
    return this.#types - 1;
  }

  func(params: readonly TypeText[], result: TypeText | undefined): number {
    const body = new ByteWriter();
    const refs = params.map((param) => this.#ref(param));
    const resultRef = result === undefined ? undefined : this.#ref(result);
    body.u8(0x40).u32(params.length);
    for (const [index, ref] of refs.entries()) body.name(`p${index}`).bytes(ref);
    if (resultRef === undefined) body.u8(1, 0);
    else body.u8(0).bytes(resultRef);
    return this.rawType(body);
  }

  /** A primitive in place, any other type as the index of a definition. */
  #ref(type: TypeText): Uint8Array {
    if (typeof type === "string") return Uint8Array.of(0x73 + PRIMITIVES.indexOf(type));
    const index = this.type(type);
    // Indices stand where negative numbers are primitives: from 64 on they take two bytes.
    return index < 0x40 ? Uint8Array.of(index) : Uint8Array.of((index & 0x7f) | 0x80, index >> 7);
  }

  #optional(type: TypeText | undefined): Uint8Array {
    return type === undefined ? Uint8Array.of(0) : Buffer.concat([Uint8Array.of(1), this.#ref(type)]);
  }

  #encode(type: TypeText): ByteWriter {
    if (typeof type === "string") return new ByteWriter().bytes(this.#ref(type));
    if ("list" in type) return after(0x70, [this.#ref(type.list)]);
    if ("option" in type) return after(0x6b, [this.#ref(type.option)]);
    if ("result" in type) return after(0x6a, [this.#optional(type.result.ok), this.#optional(type.result.err)]);
    if ("tuple" in type) {
      return counted(
        0x6f,
        type.tuple.map((part) => this.#ref(part)),
      );
    }
    if ("enum" in type) return counted(0x6d, type.enum.map(nameBytes));
    if ("flags" in type) return counted(0x6e, type.flags.map(nameBytes));
    if ("record" in type) {
      return counted(
        0x72,
        Object.entries(type.record).map(([name, part]) => Buffer.concat([nameBytes(name), this.#ref(part)])),
      );
    }
    const cases = Object.entries(type.variant).map(([name, part]) =>
      Buffer.concat([nameBytes(name), this.#optional(part), Uint8Array.of(0)]),
    );
    return counted(0x71, cases);
  }

  finish(): Uint8Array {
    return this.#out.finish();
  }
}

function nameBytes(name: string): Uint8Array {
  return new ByteWriter().name(name).finish();
}

function after(byte: number, parts: readonly Uint8Array[]): ByteWriter {
  const body = new ByteWriter().u8(byte);
  for (const part of parts) body.bytes(part);
  return body;
}

function counted(byte: number, parts: readonly Uint8Array[]): ByteWriter {
  const body = new ByteWriter().u8(byte).u32(parts.length);
  for (const part of parts) body.bytes(part);
  return body;
}

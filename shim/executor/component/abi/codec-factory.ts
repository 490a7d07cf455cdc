import type { StringEncoding } from "../binary/component-ast.ts";
import type { ValType } from "../types/wit-type.ts";
import type { Codec } from "./codec.ts";
import { handleCodec } from "./handle-codecs.ts";
import { arrayCodec, bytesCodec } from "./list-codecs.ts";
import { flagsCodec, recordCodec, tupleCodec } from "./product-codecs.ts";
import { SCALAR_CODECS } from "./scalar-codecs.ts";
import { stringCodec } from "./string-codec.ts";
import { variantCodec, type VariantType } from "./variant-codecs.ts";

/** Makes the codec of each type once, for one string encoding. */
export class CodecFactory {
  readonly #string: Codec;
  readonly #bytes: Codec;
  readonly #codecs = new Map<ValType, Codec>();

  constructor(encoding: StringEncoding, lifted: "view" | "copy") {
    this.#string = stringCodec(encoding);
    this.#bytes = bytesCodec(lifted);
  }

  codec(type: ValType): Codec {
    const known = this.#codecs.get(type);
    if (known !== undefined) return known;
    const codec = this.#make(type);
    this.#codecs.set(type, codec);
    return codec;
  }

  #make(type: ValType): Codec {
    const codecOf = this.codec.bind(this);
    if (type.kind === "string") return this.#string;
    if (type.kind === "list") {
      return type.element.kind === "u8" ? this.#bytes : arrayCodec(type.element, codecOf(type.element));
    }
    if (type.kind === "record") return recordCodec(type.fields, codecOf);
    if (type.kind === "tuple") return tupleCodec(type.elements, codecOf);
    if (type.kind === "flags") return flagsCodec(type.names, type.layout.size);
    if (type.kind === "own" || type.kind === "borrow") return handleCodec(type.kind, type.resource);
    if (isVariant(type)) return variantCodec(type, codecOf);
    return SCALAR_CODECS[type.kind];
  }
}

function isVariant(type: ValType): type is VariantType {
  return ["variant", "enum", "option", "result"].includes(type.kind);
}

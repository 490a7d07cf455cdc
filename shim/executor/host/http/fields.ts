import { HostError } from "../errors.ts";
import { isFieldValue, isForbiddenField, isHiddenField, isToken } from "./field-rules.ts";

/** `wasi:http/types.header-error` */
export type HeaderError =
  | { readonly tag: "invalid-syntax" }
  | { readonly tag: "forbidden" }
  | { readonly tag: "immutable" };

const INVALID_SYNTAX: HeaderError = { tag: "invalid-syntax" };
const FORBIDDEN: HeaderError = { tag: "forbidden" };
const IMMUTABLE: HeaderError = { tag: "immutable" };

const CONTENT_LENGTH = "content-length";
const LENGTH = /^\d{1,15}$/;

/** What HTTP/2 counts for each field beside its text; it keeps the number of empty fields finite too. */
const FIELD_OVERHEAD_BYTES = 32;

/** What the object itself takes, so that empty ones are finite too. */
const OBJECT_BYTES = 128;

/** Counts the bytes that the host keeps for a guest. */
export interface ByteCounter {
  /** @throws {HostError} `LIMIT` if they are too many. */
  countBytes(bytes: number): void;
}

/** `wasi:http/types.fields`: names in lower case, values as one character a byte, in the order of the message. */
export class Fields {
  /** Name, value, name, value, …: as Node's http takes and gives them. */
  #flat: string[];
  #bytes = 0;
  readonly #maxBytes: number;
  #isMutable: boolean;
  /** Who counts the bytes, if anybody does. */
  #counter: ByteCounter | undefined = undefined;
  /** Handles of the guest and messages that have it. */
  #users = 1;

  private constructor(flat: string[], maxBytes: number, mutability: "mutable" | "immutable") {
    this.#flat = flat;
    this.#maxBytes = maxBytes;
    this.#isMutable = mutability === "mutable";
  }

  static empty(maxBytes: number, counter?: ByteCounter): Fields {
    const fields = new Fields([], maxBytes, "mutable");
    if (counter !== undefined) fields.countBy(counter);
    return fields;
  }

  /** Of a message that came in: immutable, without the fields of the connection. `raw` alternates names and values. */
  static ofMessage(raw: readonly string[], maxBytes: number): Fields {
    const flat: string[] = [];
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = (raw[index] ?? "").toLowerCase();
      if (!isHiddenField(name)) flat.push(name, raw[index + 1] ?? "");
    }
    return new Fields(flat, maxBytes, "immutable");
  }

  /** The same fields, which cannot be changed through this object. */
  asImmutable(): Fields {
    return new Fields(this.#flat, this.#maxBytes, "immutable");
  }

  /** They have become a message's: nobody changes them any more. */
  freeze(): this {
    this.#isMutable = false;
    return this;
  }

  /** One more has it, who drops it too. */
  share(): this {
    this.#users += 1;
    return this;
  }

  /** Has its bytes counted until its last user drops it. */
  countBy(counter: ByteCounter): void {
    this.#counter = counter;
    this.#bytes = sizeOf(this.#flat);
    counter.countBytes(OBJECT_BYTES + this.#bytes);
  }

  /** One that has it needs it no longer. */
  drop(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#counter?.countBytes(-OBJECT_BYTES - this.#bytes);
    this.#counter = undefined;
  }

  clone(counter?: ByteCounter): Fields {
    const copy = new Fields([...this.#flat], this.#maxBytes, "mutable");
    if (counter === undefined) copy.#bytes = sizeOf(this.#flat);
    else copy.countBy(counter);
    return copy;
  }

  /** Names and values in turn; not to be changed. */
  flat(): readonly string[] {
    return this.#flat;
  }

  get(name: string): Buffer[] {
    const wanted = name.toLowerCase();
    const values: Buffer[] = [];
    for (let index = 0; index < this.#flat.length; index += 2) {
      if (this.#flat[index] === wanted) values.push(Buffer.from(this.#flat[index + 1] ?? "", "latin1"));
    }
    return values;
  }

  /** The first value, as one character a byte. */
  text(name: string): string | undefined {
    for (let index = 0; index < this.#flat.length; index += 2) {
      if (this.#flat[index] === name) return this.#flat[index + 1];
    }
    return undefined;
  }

  has(name: string): boolean {
    return this.text(name.toLowerCase()) !== undefined;
  }

  entries(): (readonly [name: string, value: Buffer])[] {
    const entries: (readonly [string, Buffer])[] = [];
    for (let index = 0; index < this.#flat.length; index += 2) {
      entries.push([this.#flat[index] ?? "", Buffer.from(this.#flat[index + 1] ?? "", "latin1")]);
    }
    return entries;
  }

  append(name: string, value: Uint8Array): HeaderError | undefined {
    const lower = name.toLowerCase();
    const isSecond = lower === CONTENT_LENGTH && this.has(lower);
    const error = this.#check(lower) ?? (isValueOf(lower, value) && !isSecond ? undefined : INVALID_SYNTAX);
    if (error !== undefined) return error;
    this.#add(lower, latin1(value));
    return undefined;
  }

  /** Replaces all values of the name. */
  set(name: string, values: readonly Uint8Array[]): HeaderError | undefined {
    const lower = name.toLowerCase();
    const areRight =
      values.every((value) => isValueOf(lower, value)) && (lower !== CONTENT_LENGTH || values.length < 2);
    const error = this.#check(lower) ?? (areRight ? undefined : INVALID_SYNTAX);
    if (error !== undefined) return error;
    this.#remove(lower);
    for (const value of values) this.#add(lower, latin1(value));
    return undefined;
  }

  delete(name: string): HeaderError | undefined {
    const lower = name.toLowerCase();
    const error = this.#check(lower);
    if (error === undefined) this.#remove(lower);
    return error;
  }

  #check(name: string): HeaderError | undefined {
    if (!this.#isMutable) return IMMUTABLE;
    if (!isToken(name)) return INVALID_SYNTAX;
    return isForbiddenField(name) ? FORBIDDEN : undefined;
  }

  #add(name: string, value: string): void {
    const bytes = name.length + value.length + FIELD_OVERHEAD_BYTES;
    this.#bytes += bytes;
    this.#counter?.countBytes(bytes);
    if (this.#bytes > this.#maxBytes) {
      throw new HostError("LIMIT", `Cannot add field "${name}": all fields together may have ${this.#maxBytes} bytes`);
    }
    this.#flat.push(name, value);
  }

  #remove(name: string): void {
    if (this.text(name) === undefined) return;
    const kept: string[] = [];
    for (let index = 0; index < this.#flat.length; index += 2) {
      if (this.#flat[index] !== name) kept.push(this.#flat[index] ?? "", this.#flat[index + 1] ?? "");
    }
    this.#flat = kept;
    const before = this.#bytes;
    this.#bytes = sizeOf(kept);
    this.#counter?.countBytes(this.#bytes - before);
  }
}

/**
 * The length of a body must be one number and nothing else: who receives the message reads ` 5` as 5, and would take what the
 * guest writes after five bytes for the next message.
 */
function isValueOf(name: string, value: Uint8Array): boolean {
  return isFieldValue(value) && (name !== CONTENT_LENGTH || LENGTH.test(latin1(value)));
}

function sizeOf(flat: readonly string[]): number {
  let bytes = 0;
  for (const text of flat) bytes += text.length + FIELD_OVERHEAD_BYTES / 2;
  return bytes;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

import type { CoreMemory } from "../core/web-assembly.ts";
import { nativeMemory, PAGEMAP_ENTRY_BYTES, type NativeMemory } from "./native-memory.ts";

/** Puts the memory of one instance back. */
export interface MemoryKeeper {
  /** `false` if the memory has grown since: it cannot shrink. */
  restore(): boolean;
}

/** Up to here copying the whole memory (1.3 us for 64 KiB) is as fast as finding out what was written. */
const COPY_MAX_BYTES = 128 * 1024;
/** In the upper half of an entry of the page map: the page is there, swapped out, or still that of the file. */
const PRESENT = 2 ** 31;
const SWAPPED = 2 ** 30;
const OF_FILE = 2 ** 29;
/** So many written pages are copied at each reset, though few may be written now: then begin anew, now and then. */
const MANY_PAGES = 256;
const RESETS_BETWEEN_FRESH_STARTS = 1_000;

/** The content of a memory, and perhaps the file that holds it. */
export interface MemorySource {
  readonly bytes: Buffer;
  /** `offset` is a multiple of every page size there is: 64 KiB. */
  readonly file: { readonly fd: number; readonly offset: number } | undefined;
}

interface ImageFile {
  readonly fd: number;
  readonly offset: number;
  readonly native: NativeMemory;
}

/** A memory as it was when its instance had just started. All instances of a component begin with the same. */
export class MemoryImage {
  readonly #bytes: Buffer;
  readonly #file: ImageFile | undefined;

  private constructor(bytes: Buffer, file: ImageFile | undefined) {
    this.#bytes = bytes;
    this.#file = file;
  }

  /** The memory as it is now. */
  static take({ buffer }: CoreMemory): MemoryImage {
    return MemoryImage.of({ bytes: Buffer.from(buffer), file: undefined });
  }

  /** A content that was taken before. Without a file it is copied. */
  static of({ bytes, file }: MemorySource): MemoryImage {
    const native = bytes.length <= COPY_MAX_BYTES ? undefined : nativeMemory();
    if (native === undefined) return new MemoryImage(Buffer.from(bytes), undefined);
    if (file !== undefined) return new MemoryImage(bytes, { fd: file.fd, offset: file.offset, native });
    const { fd, view } = native.file(bytes);
    return new MemoryImage(view, { fd, offset: 0, native });
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Puts the memory back for the first time; what comes back puts it back again. `undefined` if it has grown. */
  keep(memory: CoreMemory): MemoryKeeper | undefined {
    if (memory.buffer.byteLength !== this.length) return undefined;
    if (this.#file === undefined) return copyKeeper(memory, this.#bytes);
    return new MappedMemory(memory, this.#bytes, this.#file);
  }
}

function copyKeeper(memory: CoreMemory, image: Buffer): MemoryKeeper {
  const bytes = Buffer.from(memory.buffer);
  function restore(): boolean {
    // Growth detaches the buffer, which shows by its length, unless there was none.
    if (bytes.length !== image.length || (image.length === 0 && memory.buffer.byteLength > 0)) return false;
    image.copy(bytes);
    return true;
  }
  restore();
  return { restore };
}

/**
 * A memory whose pages are those of a file until they are written to: then the kernel makes a copy, and says so in the
 * page map. Only these copies are put back. They stay, so that a page which is written by every request costs no fault.
 */
class MappedMemory implements MemoryKeeper {
  readonly #buffer: ArrayBuffer;
  readonly #bytes: Buffer;
  readonly #image: Buffer;
  readonly #file: ImageFile;
  readonly #entries: Buffer;
  readonly #states: Uint32Array;
  #resets = 0;

  constructor(memory: CoreMemory, image: Buffer, file: ImageFile) {
    this.#buffer = memory.buffer;
    this.#bytes = Buffer.from(memory.buffer);
    this.#image = image;
    this.#file = file;
    const pages = Math.ceil(image.length / file.native.pageBytes);
    this.#entries = Buffer.alloc(pages * PAGEMAP_ENTRY_BYTES);
    this.#states = new Uint32Array(this.#entries.buffer, this.#entries.byteOffset, pages * 2);
    file.native.cover(this.#buffer, file);
  }

  restore(): boolean {
    if (this.#bytes.length !== this.#image.length) return false;
    this.#file.native.readPageMap(this.#buffer, this.#entries);
    const written = this.#copyWritten();
    this.#resets += 1;
    if (written > MANY_PAGES && this.#resets % RESETS_BETWEEN_FRESH_STARTS === 0) {
      this.#file.native.cover(this.#buffer, this.#file);
    }
    return true;
  }

  #copyWritten(): number {
    const { pageBytes } = this.#file.native;
    const states = this.#states;
    const pages = states.length / 2;
    let written = 0;
    for (let first = 0; first < pages; first += 1) {
      if (!isWritten(states[first * 2 + 1])) continue;
      let next = first + 1;
      while (next < pages && isWritten(states[next * 2 + 1])) next += 1;
      this.#image.copy(this.#bytes, first * pageBytes, first * pageBytes, next * pageBytes);
      written += next - first;
      first = next;
    }
    return written;
  }
}

function isWritten(state = 0): boolean {
  return (state & OF_FILE) === 0 && (state & (PRESENT | SWAPPED)) !== 0;
}

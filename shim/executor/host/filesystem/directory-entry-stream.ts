import { type Dir, opendirSync } from "node:fs";
import type { FileHandle } from "./file-handle.ts";
import { type DescriptorType, descriptorTypeOf } from "./metadata.ts";

/** `wasi:filesystem/types.directory-entry-stream` */
export class DirectoryEntryStream {
  readonly #folder: FileHandle;
  readonly #entries: Dir;

  constructor(folder: FileHandle) {
    this.#entries = opendirSync(`/proc/self/fd/${folder.fd}`);
    this.#folder = folder.share();
  }

  next(): { readonly type: DescriptorType; readonly name: string } | undefined {
    const entry = this.#entries.readSync();
    return entry === null ? undefined : { type: descriptorTypeOf(entry), name: entry.name };
  }

  close(): void {
    this.#entries.closeSync();
    this.#folder.release();
  }
}

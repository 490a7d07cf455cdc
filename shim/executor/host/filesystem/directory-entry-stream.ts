import { type Dir, opendirSync } from "node:fs";
import type { HostState } from "../state.ts";
import { decodeName } from "./decode-name.ts";
import type { FileHandle } from "./file-handle.ts";
import { type DescriptorType, descriptorTypeOf } from "./metadata.ts";

/** Node's types do not know that there is this encoding. */
const NAMES_AS_BYTES: object = { encoding: "buffer" };

/** `wasi:filesystem/types.directory-entry-stream` */
export class DirectoryEntryStream {
  readonly #state: HostState;
  readonly #folder: FileHandle;
  readonly #entries: Dir;

  /** @param state - counts it as open: it has a file descriptor of its own. */
  constructor(state: HostState, folder: FileHandle) {
    state.countOpen();
    try {
      this.#entries = opendirSync(`/proc/self/fd/${folder.fd}`, NAMES_AS_BYTES);
    } catch (error) {
      state.countClosed();
      throw error;
    }
    this.#state = state;
    this.#folder = folder.share();
  }

  /** @throws {FilesystemError} `illegal-byte-sequence` for a name that is no text; the next call goes on after it. */
  next(): { readonly type: DescriptorType; readonly name: string } | undefined {
    const entry = this.#entries.readSync();
    return entry === null ? undefined : { type: descriptorTypeOf(entry), name: decodeName(entry.name) };
  }

  close(): void {
    this.#entries.closeSync();
    this.#state.countClosed();
    this.#folder.release();
  }
}

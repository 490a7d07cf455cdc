import { type BigIntStats, fstatSync } from "node:fs";
import { FilesystemError } from "./error-code.ts";
import type { FileHandle } from "./file-handle.ts";

/** `wasi:filesystem/types.descriptor-flags` */
export interface DescriptorFlags {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly fileIntegritySync?: boolean;
  readonly dataIntegritySync?: boolean;
  readonly requestedWriteSync?: boolean;
  readonly mutateDirectory?: boolean;
}

/** `wasi:filesystem/types.descriptor` */
export class Descriptor {
  readonly file: FileHandle;
  readonly kind: "directory" | "file";
  readonly flags: DescriptorFlags;
  /** Whether anything below may be changed: what the preopened folder says. */
  readonly access: "read" | "read-write";

  constructor(file: FileHandle, options: Pick<Descriptor, "kind" | "flags" | "access">) {
    this.file = file;
    this.kind = options.kind;
    this.flags = options.flags;
    this.access = options.access;
  }

  stats(): BigIntStats {
    return fstatSync(this.file.fd, { bigint: true });
  }

  /** @throws {FilesystemError} if it is no file, or not open for reading. */
  assertReadable(): void {
    if (this.kind === "directory") throw new FilesystemError("is-directory");
    if (this.flags.read !== true) throw new FilesystemError("bad-descriptor");
  }

  /** @throws {FilesystemError} if it is no file, or not open for writing. */
  assertWritable(): void {
    this.assertFile();
    if (this.flags.write !== true) throw new FilesystemError("bad-descriptor");
  }

  /** @throws {FilesystemError} `bad-descriptor` for a folder: the kernel's error for one that is written to. */
  assertFile(): void {
    if (this.kind === "directory") throw new FilesystemError("bad-descriptor");
  }

  assertFolder(): void {
    if (this.kind !== "directory") throw new FilesystemError("not-directory");
  }

  /**
   * Whether it was opened with `mutate-directory` does not matter: the adapter for WASI's first version never asks for it,
   * but changes entries of what it opened.
   *
   * @throws {FilesystemError} if it is no folder, or one whose entries may not be changed.
   */
  assertMutable(): void {
    this.assertFolder();
    if (this.access !== "read-write") throw new FilesystemError("read-only");
  }
}

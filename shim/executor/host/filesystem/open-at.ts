import { closeSync, constants, fstatSync } from "node:fs";
import type { HostState } from "../state.ts";
import { Descriptor, type DescriptorFlags } from "./descriptor.ts";
import { FilesystemError } from "./error-code.ts";
import { FileHandle } from "./file-handle.ts";
import { openInFolder } from "./paths.ts";

export interface PathFlags {
  readonly symlinkFollow?: boolean;
}

export interface OpenFlags {
  readonly create?: boolean;
  readonly directory?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
}

export interface OpenRequest {
  readonly path: string;
  readonly pathFlags: PathFlags;
  readonly openFlags: OpenFlags;
  readonly flags: DescriptorFlags;
}

const NEW_FILE_MODE = 0o666;

/**
 * `descriptor.open-at`
 *
 * @throws {Error} of the file system
 */
export function openAt(state: HostState, folder: Descriptor, request: OpenRequest): Descriptor {
  folder.assertFolder();
  assertSensible(request.openFlags);
  assertMayChange(folder, request);
  state.countOpen();
  try {
    const { fd, kind } = openFileOrFolder(state, folder, request);
    const flags = { ...request.flags, ...(kind === "file" ? { mutateDirectory: false } : { write: false }) };
    return new Descriptor(new FileHandle(fd, state), { kind, flags: readByDefault(flags), access: folder.access });
  } catch (error) {
    state.countClosed();
    throw error;
  }
}

/** A folder is made by another function, and cannot be cut: the kernel says so for `create` only. */
function assertSensible({ directory, create, exclusive, truncate }: OpenFlags): void {
  const isForFile = create === true || exclusive === true || truncate === true;
  if (directory === true && isForFile) throw new FilesystemError("invalid");
}

function assertMayChange(folder: Descriptor, { flags, openFlags }: OpenRequest): void {
  const creates = openFlags.create === true || openFlags.truncate === true;
  const wants = creates || flags.write === true || flags.mutateDirectory === true;
  if (wants && folder.access !== "read-write") throw new FilesystemError("read-only");
}

function readByDefault(flags: DescriptorFlags): DescriptorFlags {
  return flags.write === true ? flags : { ...flags, read: true };
}

interface Opened {
  readonly fd: number;
  readonly kind: "directory" | "file";
}

/** Only files and folders: a pipe or a device would block or reach out of the sandbox. */
function openFileOrFolder(state: HostState, folder: Descriptor, request: OpenRequest): Opened {
  const place = { folderFd: folder.file.fd, path: request.path };
  const fd = openInFolder(state.services.openBeneath, place, linuxFlags(request), modeOf(request));
  try {
    const stats = fstatSync(fd);
    if (stats.isDirectory()) return { fd, kind: "directory" };
    if (stats.isFile()) return { fd, kind: "file" };
    throw new FilesystemError("not-permitted");
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function linuxFlags({ pathFlags, openFlags, flags }: OpenRequest): number {
  return (
    accessMode(flags) |
    constants.O_NONBLOCK |
    constants.O_NOCTTY |
    (pathFlags.symlinkFollow === true ? 0 : constants.O_NOFOLLOW) |
    creationFlags(openFlags) |
    syncFlags(flags)
  );
}

function accessMode({ read, write }: DescriptorFlags): number {
  if (write !== true) return constants.O_RDONLY;
  return read === true ? constants.O_RDWR : constants.O_WRONLY;
}

function creationFlags({ create, directory, exclusive, truncate }: OpenFlags): number {
  return (
    (create === true ? constants.O_CREAT : 0) |
    (directory === true ? constants.O_DIRECTORY : 0) |
    (exclusive === true ? constants.O_EXCL : 0) |
    (truncate === true ? constants.O_TRUNC : 0)
  );
}

/** What of `flags` belongs to how the file is open, and so to each further time that it is opened. */
export function syncFlags({ fileIntegritySync, dataIntegritySync }: DescriptorFlags): number {
  if (fileIntegritySync === true) return constants.O_SYNC;
  return dataIntegritySync === true ? constants.O_DSYNC : 0;
}

/** openat2 refuses a mode where nothing is created. */
function modeOf({ openFlags }: OpenRequest): number {
  return openFlags.create === true ? NEW_FILE_MODE : 0;
}

import { ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { fdatasync, fsync } from "node:fs";
import { constants } from "node:fs";
import { promisify } from "node:util";
import type { HostFunction } from "../../component/host-interface.ts";
import type { HostState } from "../state.ts";
import { type Attempt, attempt, attemptLater } from "./attempt.ts";
import type { Descriptor } from "./descriptor.ts";
import { FilesystemError } from "./error-code.ts";
import { FileHandle } from "./file-handle.ts";
import { FileInputStream, FileOutputStream } from "./file-streams.ts";
import { type NewTimestamp, descriptorStatOf, descriptorTypeOf, fileTimeOf, metadataHashOf } from "./metadata.ts";
import { syncFlags } from "./open-at.ts";

/** The most that one read gives. */
const MAX_READ_BYTES = 1 << 20;
const MAX_OFFSET = (1n << 63n) - 1n;
const syncAll = promisify(fsync);
const syncData = promisify(fdatasync);

/** What a descriptor does to its own file. */
export const fileFunctions: Readonly<Record<string, HostFunction<HostState>>> = {
  "[method]descriptor.read-via-stream": { call: readViaStream },
  "[method]descriptor.write-via-stream": { call: writeViaStream },
  "[method]descriptor.append-via-stream": { call: appendViaStream },
  "[method]descriptor.advise": {
    call: (_state, self: Descriptor, ...[, length]: readonly [bigint, bigint]) =>
      attempt(() => {
        self.assertFile();
        assertInKernel(length); // The advice itself may be left aside.
      }),
  },
  "[method]descriptor.sync-data": {
    call: async (_state, self: Descriptor) => attemptLater(async () => syncData(self.file.fd)),
    blocking: true,
  },
  "[method]descriptor.sync": {
    call: async (_state, self: Descriptor) => attemptLater(async () => syncAll(self.file.fd)),
    blocking: true,
  },
  "[method]descriptor.get-flags": { call: (_state, self: Descriptor) => attempt(() => self.flags) },
  "[method]descriptor.get-type": {
    call: (_state, self: Descriptor) => attempt(() => descriptorTypeOf(self.stats())),
  },
  "[method]descriptor.set-size": { call: setSize },
  "[method]descriptor.set-times": { call: setTimes },
  "[method]descriptor.read": { call: read },
  "[method]descriptor.write": { call: write },
  "[method]descriptor.stat": { call: (_state, self: Descriptor) => attempt(() => descriptorStatOf(self.stats())) },
  "[method]descriptor.is-same-object": { call: isSameObject },
  "[method]descriptor.metadata-hash": {
    call: (_state, self: Descriptor) => attempt(() => metadataHashOf(self.stats())),
  },
};

function readViaStream(_state: HostState, self: Descriptor, offset: bigint): Attempt<FileInputStream> {
  return attempt(() => {
    self.assertReadable();
    assertInKernel(offset);
    return new FileInputStream(self.file.share(), offset);
  });
}

function writeViaStream(_state: HostState, self: Descriptor, offset: bigint): Attempt<FileOutputStream> {
  return attempt(() => {
    self.assertWritable();
    const position = exactOffset(offset); // Before the file is shared: who has no stream gives nothing back.
    return new FileOutputStream(self.file.share(), position);
  });
}

/** Opens the file once more: the kernel then puts each write at the end, whoever else writes. */
function appendViaStream(state: HostState, self: Descriptor): Attempt<FileOutputStream> {
  return attempt(() => {
    self.assertWritable();
    state.countOpen();
    try {
      const flags = constants.O_WRONLY | constants.O_APPEND | syncFlags(self.flags);
      const fd = openSync(`/proc/self/fd/${self.file.fd}`, flags);
      return new FileOutputStream(new FileHandle(fd, state), "end");
    } catch (error) {
      state.countClosed();
      throw error;
    }
  });
}

function setSize(_state: HostState, self: Descriptor, size: bigint): Attempt<void> {
  return attempt(() => {
    self.assertFile();
    if (self.flags.write !== true) throw new FilesystemError("invalid"); // As the kernel.
    ftruncateSync(self.file.fd, exactOffset(size));
  });
}

function setTimes(
  state: HostState,
  self: Descriptor,
  ...[access, modification]: readonly [NewTimestamp, NewTimestamp]
): Attempt<void> {
  return attempt(() => {
    if (self.access !== "read-write") throw new FilesystemError("read-only");
    const times = { access: fileTimeOf(access), modification: fileTimeOf(modification) };
    state.services.setFileTimes(self.file.fd, times);
  });
}

function read(
  _state: HostState,
  self: Descriptor,
  ...[length, offset]: readonly [bigint, bigint]
): Attempt<readonly [bytes: Uint8Array, isEnd: boolean]> {
  return attempt(() => {
    self.assertReadable();
    assertInKernel(offset);
    const buffer = Buffer.allocUnsafeSlow(length > MAX_READ_BYTES ? MAX_READ_BYTES : Number(length));
    const bytes = readSync(self.file.fd, buffer, 0, buffer.length, offset);
    return [buffer.subarray(0, bytes), bytes === 0 && length > 0n];
  });
}

function write(
  _state: HostState,
  self: Descriptor,
  ...[bytes, offset]: readonly [Uint8Array, bigint]
): Attempt<bigint> {
  return attempt(() => {
    self.assertWritable();
    const position = exactOffset(offset, BigInt(bytes.length));
    return BigInt(writeSync(self.file.fd, bytes, 0, bytes.length, position));
  });
}

function isSameObject(_state: HostState, self: Descriptor, other: Descriptor): boolean {
  const mine = self.stats();
  const theirs = other.stats();
  return mine.dev === theirs.dev && mine.ino === theirs.ino;
}

/** @throws {FilesystemError} `invalid` for what does not fit into the kernel's offsets, which are signed. */
function assertInKernel(offset: bigint, length = 0n): void {
  if (offset + length > MAX_OFFSET) throw new FilesystemError("invalid");
}

/**
 * Where a file is written or ends: for that, Node's numbers are what bounds it.
 *
 * @throws {FilesystemError} `invalid` as {@link assertInKernel}, `file-too-large` for what no number says exactly.
 */
function exactOffset(offset: bigint, length = 0n): number {
  assertInKernel(offset, length);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw new FilesystemError("file-too-large");
  return Number(offset);
}

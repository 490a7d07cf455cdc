import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import type { BigIntStats } from "node:fs";
import type { HostFunction } from "../../component/host-interface.ts";
import type { HostState } from "../state.ts";
import { type Attempt, attempt } from "./attempt.ts";
import { decodeName } from "./decode-name.ts";
import type { Descriptor } from "./descriptor.ts";
import type { DescriptorFlags } from "./descriptor.ts";
import { DirectoryEntryStream } from "./directory-entry-stream.ts";
import { FilesystemError } from "./error-code.ts";
import { type NewTimestamp, descriptorStatOf, fileTimeOf, metadataHashOf } from "./metadata.ts";
import { type OpenFlags, type PathFlags, openAt } from "./open-at.ts";
import { O_PATH } from "./open-beneath.ts";
import { openInFolder, refuseAsFolder, withEntry } from "./paths.ts";

const MAX_LINK_BYTES = 4096;

/** What a descriptor of a folder does to the entries below it. */
export const folderFunctions: Readonly<Record<string, HostFunction<HostState>>> = {
  "[method]descriptor.read-directory": { call: readDirectory },
  "[method]descriptor.create-directory-at": {
    call: (state, self: Descriptor, path: string) => change(state, self, path, mkdirSync),
  },
  "[method]descriptor.stat-at": {
    call: (state, self: Descriptor, ...[flags, path]: readonly [PathFlags, string]) =>
      attempt(() => descriptorStatOf(statAt(state, self, flags, path))),
  },
  "[method]descriptor.set-times-at": { call: setTimesAt },
  "[method]descriptor.link-at": { call: linkAt },
  "[method]descriptor.open-at": {
    call: (state, self: Descriptor, ...args: readonly [PathFlags, string, OpenFlags, DescriptorFlags]) =>
      attempt(() => openAt(state, self, { pathFlags: args[0], path: args[1], openFlags: args[2], flags: args[3] })),
  },
  "[method]descriptor.readlink-at": { call: readlinkAt },
  "[method]descriptor.remove-directory-at": {
    call: (state, self: Descriptor, path: string) => change(state, self, path, rmdirSync),
  },
  "[method]descriptor.rename-at": { call: renameAt },
  "[method]descriptor.symlink-at": { call: symlinkAt },
  "[method]descriptor.unlink-file-at": {
    call: (state, self: Descriptor, path: string) => change(state, self, path, unlinkSync),
  },
  "[method]descriptor.metadata-hash-at": {
    call: (state, self: Descriptor, ...[flags, path]: readonly [PathFlags, string]) =>
      attempt(() => metadataHashOf(statAt(state, self, flags, path))),
  },
  "[method]directory-entry-stream.read-directory-entry": {
    call: (_state, self: DirectoryEntryStream) => attempt(() => self.next()),
  },
};

function readDirectory(state: HostState, self: Descriptor): Attempt<DirectoryEntryStream> {
  return attempt(() => {
    self.assertFolder();
    return new DirectoryEntryStream(state, self.file);
  });
}

/** Changes one entry by a function that does not follow a link at its end. */
function change(
  state: HostState,
  self: Descriptor,
  ...[path, action]: readonly [string, (entryPath: string) => void]
): Attempt<void> {
  return attempt(() => {
    self.assertMutable();
    withEntry(state.services.openBeneath, placeOf(self, path), action);
  });
}

function placeOf(self: Descriptor, path: string): { readonly folderFd: number; readonly path: string } {
  return { folderFd: self.file.fd, path };
}

/** Opened without access: what counts is where the path leads. */
function withTarget<T>(
  state: HostState,
  self: Descriptor,
  ...[flags, path, use]: readonly [PathFlags, string, (fd: number) => T]
): T {
  self.assertFolder();
  const follow = flags.symlinkFollow === true ? 0 : constants.O_NOFOLLOW;
  const fd = openInFolder(state.services.openBeneath, placeOf(self, path), O_PATH | follow);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function statAt(state: HostState, self: Descriptor, ...[flags, path]: readonly [PathFlags, string]): BigIntStats {
  return withTarget(state, self, flags, path, (fd) => fstatSync(fd, { bigint: true }));
}

function setTimesAt(
  state: HostState,
  self: Descriptor,
  ...[flags, path, access, modification]: readonly [PathFlags, string, NewTimestamp, NewTimestamp]
): Attempt<void> {
  return attempt(() => {
    self.assertMutable();
    const times = { access: fileTimeOf(access), modification: fileTimeOf(modification) };
    withTarget(state, self, flags, path, (fd) => {
      state.services.setFileTimes(fd, times);
    });
  });
}

/** Both places are resolved by themselves; `action` gets paths whose last components it does not follow. */
function withTwoEntries(
  state: HostState,
  from: { readonly self: Descriptor; readonly path: string },
  to: { readonly self: Descriptor; readonly path: string },
  action: (fromPath: string, toPath: string) => void,
): Attempt<void> {
  const { openBeneath } = state.services;
  return attempt(() => {
    from.self.assertMutable();
    to.self.assertMutable();
    withEntry(openBeneath, placeOf(from.self, from.path), (fromPath) => {
      withEntry(openBeneath, placeOf(to.self, to.path), (toPath) => {
        action(fromPath, toPath);
      });
    });
  });
}

function linkAt(
  state: HostState,
  self: Descriptor,
  ...[flags, oldPath, newDescriptor, newPath]: readonly [PathFlags, string, Descriptor, string]
): Attempt<void> {
  if (flags.symlinkFollow === true) return { tag: "err", val: "invalid" };
  return withTwoEntries(state, { self, path: oldPath }, { self: newDescriptor, path: newPath }, (from, to) => {
    refuseAsFolder(state.services.openBeneath, placeOf(self, oldPath), "not-permitted");
    linkSync(from, to);
  });
}

function renameAt(
  state: HostState,
  self: Descriptor,
  ...[oldPath, newDescriptor, newPath]: readonly [string, Descriptor, string]
): Attempt<void> {
  return withTwoEntries(state, { self, path: oldPath }, { self: newDescriptor, path: newPath }, renameSync);
}

/** Where a link leads is checked when it is followed; one that is absolute could only ever lead out. */
function symlinkAt(state: HostState, self: Descriptor, ...[target, path]: readonly [string, string]): Attempt<void> {
  if (target.startsWith("/")) return { tag: "err", val: "not-permitted" };
  return change(state, self, path, (entryPath) => {
    symlinkSync(target, entryPath);
  });
}

/** What an absolute link says about the host is not for the guest. */
function readlinkAt(state: HostState, self: Descriptor, path: string): Attempt<string> {
  return attempt(() => {
    self.assertFolder();
    const { openBeneath } = state.services;
    refuseAsFolder(openBeneath, placeOf(self, path), "invalid");
    const bytes = withEntry(openBeneath, placeOf(self, path), (entryPath) => readlinkSync(entryPath, "buffer"));
    const target = decodeName(bytes);
    if (target.startsWith("/")) throw new FilesystemError("not-permitted");
    if (target.length > MAX_LINK_BYTES) throw new FilesystemError("name-too-long");
    return target;
  });
}

import type { HostInterface } from "../../component/host-interface.ts";
import type { IoError } from "../io/io-error.ts";
import type { HostState } from "../state.ts";
import { Descriptor } from "./descriptor.ts";
import type { DirectoryEntryStream } from "./directory-entry-stream.ts";
import { fileFunctions } from "./file-functions.ts";
import { FileHandle } from "./file-handle.ts";
import { folderFunctions } from "./folder-functions.ts";
import type { Preopen } from "./preopen.ts";

const preopens: HostInterface<HostState> = {
  name: "wasi:filesystem/preopens",
  version: "0.2.12",
  functions: {
    "get-directories": {
      call: ({ services }) => services.preopens.map((preopen) => [descriptorOf(preopen), preopen.guestPath]),
    },
  },
  resources: {},
};

const types: HostInterface<HostState> = {
  name: "wasi:filesystem/types",
  version: "0.2.12",
  functions: {
    "filesystem-error-code": {
      call: (_state, error: IoError) => error.codeFor("filesystem"),
    },
    ...fileFunctions,
    ...folderFunctions,
  },
  resources: {
    descriptor: {
      drop(rep: Descriptor) {
        rep.file.release();
      },
    },
    "directory-entry-stream": {
      drop(rep: DirectoryEntryStream) {
        rep.close();
      },
    },
  },
};

export const filesystemInterfaces = [preopens, types] as const;

function descriptorOf({ fd, access }: Preopen): Descriptor {
  const flags = { read: true, mutateDirectory: access === "read-write" };
  return new Descriptor(new FileHandle(fd, undefined), { kind: "directory", flags, access });
}

import { closeSync, constants, openSync } from "node:fs";
import { openBeneath } from "../../linux/open-beneath.ts";
import { setFileTimes } from "../../linux/set-file-times.ts";
import type { FolderOption, Preopen } from "../host/filesystem/preopen.ts";
import { HttpClientService } from "../host/http/http-client-service.ts";
import { BytesInputStream, type InputStream } from "../host/io/input-stream.ts";
import { IoError } from "../host/io/io-error.ts";
import type { OutputStream } from "../host/io/output-stream.ts";
import { WritableOutputStream } from "../host/io/writable-output-stream.ts";
import type { HostServices } from "../host/services.ts";
import { NO_NETWORK, type NetworkPolicy } from "../host/sockets/network-policy.ts";
import { ServeError } from "../server/errors.ts";
import { PodLog } from "../server/pod-log.ts";
import { isAllowedHost } from "./allowed-hosts.ts";
import type { CommandIo } from "./command-io.ts";
import type { GuestOptions } from "./guest-options.ts";
import { trustLater } from "./trusted-certificates.ts";

const ALL_NETWORK: NetworkPolicy = { isAllowed: () => true, mayResolve: true };
const MAX_FIELD_BYTES = 128 << 10;
/** 128 times the fields of one message, or 256 bodies that wait to be sent. */
const MAX_KEPT_BYTES = 16 << 20;
const MAX_OPEN_OBJECTS = 1024;
/** To one origin. */
export const MAX_CONNECTIONS = 256;

export interface PlainServicesOptions {
  readonly guest: GuestOptions;
  readonly arguments: readonly string[];
  readonly io: CommandIo;
  /** For a server, whose guests are many, there is none. */
  readonly stdin?: () => InputStream;
}

/** Of a component that belongs to no application. @throws {ServeError} `USAGE` if a folder cannot be opened. */
export function createPlainServices({ guest, io, stdin, ...options }: PlainServicesOptions): HostServices & Disposable {
  const outgoing = new HttpClientService({
    isAllowed: (target) => isAllowedHost(guest.allowedHosts, target),
    maxConnections: MAX_CONNECTIONS,
    beforeFirst: trustLater(guest.certificates, new PodLog((line) => io.stderr.write(line))),
  });
  const services = createServices({
    environment: guest.environment,
    arguments: options.arguments,
    folders: guest.folders,
    stdio: createStdio(io, stdin),
    network: guest.network === "all" ? ALL_NETWORK : NO_NETWORK,
    outgoing,
  });
  return {
    ...services,
    [Symbol.dispose]() {
      services[Symbol.dispose]();
      void outgoing.close();
    },
  };
}

export interface ServicesOptions extends Pick<
  HostServices,
  "environment" | "arguments" | "network" | "outgoing" | "spin"
> {
  readonly folders: readonly FolderOption[];
  readonly stdio: Stdio;
}

/** @throws {ServeError} `USAGE` if a folder cannot be opened. */
export function createServices({ folders, stdio, ...options }: ServicesOptions): HostServices & Disposable {
  const preopens = folders.map(openFolder);
  return {
    ...options,
    ...stdio,
    initialCwd: undefined,
    preopens,
    openBeneath,
    setFileTimes,
    maxFieldBytes: MAX_FIELD_BYTES,
    maxKeptBytes: MAX_KEPT_BYTES,
    maxOpenObjects: MAX_OPEN_OBJECTS,
    [Symbol.dispose]() {
      for (const { fd } of preopens) closeSync(fd);
    },
  };
}

export type Stdio = Pick<HostServices, "stdin" | "stdout" | "stderr" | "terminals">;

/** What guests read and write: the program's own. Without `stdin` there is nothing to read. */
export function createStdio(io: CommandIo, stdin?: () => InputStream): Stdio {
  return {
    stdin: stdin ?? (() => new BytesInputStream(new Uint8Array(0))),
    stdout: sharedStream(io.stdout),
    stderr: sharedStream(io.stderr),
    terminals: {
      stdin: stdin !== undefined && io.stdin.isTTY === true,
      stdout: io.stdout.isTTY === true,
      stderr: io.stderr.isTTY === true,
    },
  };
}

function openFolder({ hostPath, guestPath, access }: FolderOption): Preopen {
  try {
    return { fd: openSync(hostPath, constants.O_RDONLY | constants.O_DIRECTORY), guestPath, access };
  } catch (error) {
    throw new ServeError("USAGE", `Cannot open the folder "${hostPath}" for the guest`, { cause: error });
  }
}

/** All guests write to one stream of the program, made when the first asks; none of them closes it. */
function sharedStream(target: NodeJS.WritableStream & CommandIo["stdout"]): () => OutputStream {
  let shared: OutputStream | undefined;
  return () => {
    shared ??= new WritableOutputStream(target, (error) => new IoError(error.message));
    const stream = shared;
    return {
      permit: () => stream.permit(),
      write: (bytes) => stream.write(bytes),
      flush: () => stream.flush(),
      isFlushed: () => stream.isFlushed(),
      isReady: () => stream.isReady(),
      onReady: (wake) => stream.onReady(wake),
      close() {},
    };
  };
}

import { Buffer } from "node:buffer";
import { BuildError } from "../build-error.ts";

export interface LauncherConfig {
  /** Address of Node's first instruction. */
  readonly entry: number;
  /** Of segments, for the loader. */
  readonly table: { readonly address: number; readonly segments: number };
  /** Where the libraries are unpacked, relative to the folder of the executable. */
  readonly folder: string;
  /** The loader is the first. */
  readonly files: readonly { readonly name: string; readonly offset: number; readonly size: number }[];
}

const FOLDER = { at: 32, bytes: 64 };
const FILES = { at: 96, most: 16, bytes: 64, name: 48 };

export const LAUNCHER_CONFIG_BYTES = FILES.at + FILES.most * FILES.bytes;

/** `struct config` of shim/launcher/launcher.c, always of the same size. */
export function launcherConfig({ entry, table, folder, files }: LauncherConfig): Buffer {
  const config = Buffer.alloc(LAUNCHER_CONFIG_BYTES);
  if (files.length > FILES.most) throw tooLong("libraries", `${String(files.length)} files`);
  config.writeBigUInt64LE(BigInt(entry), 0);
  config.writeBigUInt64LE(BigInt(table.address), 8);
  config.writeBigUInt64LE(BigInt(table.segments), 16);
  config.writeBigUInt64LE(BigInt(files.length), 24);
  writeText(config, folder, FOLDER);
  for (const [index, { name, offset, size }] of files.entries()) {
    const at = FILES.at + index * FILES.bytes;
    config.writeBigUInt64LE(BigInt(offset), at);
    config.writeBigUInt64LE(BigInt(size), at + 8);
    writeText(config, name, { at: at + 16, bytes: FILES.name });
  }
  return config;
}

function writeText(config: Buffer, text: string, { at, bytes }: { at: number; bytes: number }): void {
  if (Buffer.byteLength(text) >= bytes) throw tooLong(text, `more than ${String(bytes - 1)} bytes`);
  config.write(text, at);
}

function tooLong(what: string, how: string): BuildError {
  return new BuildError("ENTRY_INVALID", `Cannot tell the launcher of "${what}": it has ${how}`);
}

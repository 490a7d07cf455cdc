import { Buffer } from "node:buffer";
import { type FileHandle, open } from "node:fs/promises";
import {
  ELF_HEADER_BYTES,
  ElfError,
  INTERPRETER,
  type Segment,
  checkArchitecture,
  parseElfHeader,
  parseSegments,
} from "./elf.ts";
import { cannotFetch } from "./fetch-error.ts";
import { quotedBytes } from "./quoted-bytes.ts";
import { printable } from "./shown-location.ts";

/** Linux takes no longer path, so no longer interpreter: https://github.com/torvalds/linux/blob/v6.12/fs/binfmt_elf.c#L862-L870 */
const INTERPRETER_MAX_BYTES = 4096;
const QUOTED_BYTES = 32;

export interface Executable {
  /** The dynamic loader that it needs on the node; absent if it is linked statically. */
  readonly interpreter?: string;
}

/**
 * Looks whether the file is a program that a node of `architecture` can run. Reads its headers only.
 *
 * @param shown where it came from, for messages.
 * @throws {FetchError} `NotExecutable` or `WrongArchitecture`.
 */
export async function verifyExecutable(file: string, architecture: string, shown: string): Promise<Executable> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  try {
    const header = parseElfHeader(await read(handle, 0, ELF_HEADER_BYTES), size);
    checkArchitecture(header, architecture);
    const { offset, entries, entryBytes } = header.segments;
    const segments = parseSegments(await read(handle, offset, entries * entryBytes), header, size);
    return await interpreterOf(handle, segments);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    throw cannotFetch(error.code, shown, await explain(error, handle), { cause: error });
  }
}

async function explain(error: ElfError, handle: FileHandle): Promise<string> {
  if (error.code === "WrongArchitecture") return `${error.message}: name the artifact of that architecture in the Shim`;
  const start = quotedBytes(await read(handle, 0, QUOTED_BYTES));
  return `the shim in it cannot be run: ${error.message}; it starts with ${start}, and an ELF program is needed`;
}

async function interpreterOf(handle: FileHandle, segments: readonly Segment[]): Promise<Executable> {
  const segment = segments.find(({ type }) => type === INTERPRETER);
  if (segment === undefined) return {};
  const bytes = await read(handle, segment.offset, Math.min(segment.bytes, INTERPRETER_MAX_BYTES));
  const path = bytes.toString("utf8").replace(/\0.*$/su, "");
  if (!path.startsWith("/")) {
    throw new ElfError("NotExecutable", `its dynamic loader "${printable(path)}" is no absolute path`);
  }
  return { interpreter: path };
}

async function read(handle: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await handle.read(buffer, filled, bytes - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

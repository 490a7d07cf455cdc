import { Buffer } from "node:buffer";
import { Parser, type ReadEntry } from "tar";
import { ArchiveError } from "./archive-error.ts";
import { TAR_BLOCK_BYTES } from "./content.ts";
import { isElf } from "./elf.ts";
import { type EntryView, deceitfulRecord, nameOf, quotedPath, refusalOf } from "./tar-entry.ts";

/** More headers than this in an archive make it refused. */
const MAX_HEADERS = 1000;
/** Of one extended header; longer ones are refused. A path has at most 4096. */
const MAX_EXTENDED_BYTES = 64 * 1024;
const MAGIC_BYTES = 4;
const SHIM_NAME = /^containerd-shim-/u;
const LISTED_NAMES = 10;

export interface WantedShim {
  /** Name of the file in the archive, in whatever folder. */
  readonly binaryName: string;
  /** A larger file is refused. */
  readonly maxBinaryBytes: number;
}

/** The entry that was taken. */
export interface TakenShim {
  readonly path: string;
}

/**
 * Takes the bytes of the one shim out of a tar archive that comes in pieces. It never writes anything.
 *
 * The shim is the regular file of the wanted name; if none has it, the only ELF file, which must be called
 * `containerd-shim-*`. Other regular files that are not ELF (a licence, a README) and folders are passed over. Anything
 * else makes the whole archive refused: see `refusalOf`.
 */
export class ShimInTar {
  readonly #wanted: WantedShim;
  readonly #parser = new Parser({ strict: true, maxMetaEntrySize: MAX_EXTENDED_BYTES });
  readonly #others: string[] = [];
  #headers = 0;
  #taken: TakenShim | undefined;
  #pieces: Buffer[] = [];
  #failure: ArchiveError | undefined;
  #ended = false;
  /** The one that the parser is at. */
  #entry: ReadEntry | undefined;
  /** Less than a block. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(wanted: WantedShim) {
    this.#wanted = wanted;
    this.#parser.on("entry", (entry: ReadEntry) => {
      this.#examine(entry);
    });
    this.#parser.on("ignoredEntry", (entry: ReadEntry) => {
      const refusal = entry.meta ? undefined : refusalOf(viewOf(entry));
      this.#refuse(entry.path, refusal ?? `it is longer than ${String(MAX_EXTENDED_BYTES)} bytes`);
    });
    this.#parser.on("meta", (extended: string) => {
      this.#countHeader("an extended header");
      const record = deceitfulRecord(extended);
      if (record !== undefined) this.#refuse("extended header", `it sets ${quotedPath(record)}`);
    });
    this.#parser.on("eof", () => {
      this.#ended = true;
    });
    this.#parser.on("error", (cause: Error) => {
      this.#failure ??= new ArchiveError("ArchiveCorrupt", `the tar archive in it is damaged: ${cause.message}`, {
        cause,
      });
    });
  }

  /**
   * Takes the next piece of the archive and gives the bytes of the shim that are in it, mostly one piece or none.
   *
   * @throws {ArchiveError} `ArchiveCorrupt`, `ArchiveRefused`, `ArtifactTooLarge`.
   */
  push(piece: Buffer): readonly Buffer[] {
    this.#pieces = [];
    const data = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const whole = data.length - (data.length % TAR_BLOCK_BYTES);
    for (let at = 0; at < whole;) at += this.#pushBlocks(data.subarray(at, whole));
    this.#rest = data.subarray(whole);
    return this.#pieces;
  }

  /** Gives the parser one header, or as much of a file as there is, so that it never looks beyond the end mark. */
  #pushBlocks(blocks: Buffer): number {
    if (this.#ended) {
      checkPadding(blocks);
      return blocks.length;
    }
    const bodyBytes = this.#entry?.blockRemain ?? 0;
    const step = Math.min(blocks.length, bodyBytes === 0 ? TAR_BLOCK_BYTES : bodyBytes);
    this.#parser.write(blocks.subarray(0, step));
    if (this.#failure !== undefined) throw this.#failure;
    return step;
  }

  /**
   * To be called after the last piece.
   *
   * @throws {ArchiveError} `ArchiveCorrupt` if the archive has no end, `ShimNotInArchive`.
   */
  end(): TakenShim {
    if (!this.#ended) throw new ArchiveError("ArchiveCorrupt", "the tar archive in it is cut off: it has no end mark");
    checkPadding(this.#rest);
    if (this.#taken === undefined) throw this.#notFound("holds no such file");
    const name = nameOf(this.#taken.path);
    if (name !== this.#wanted.binaryName && !SHIM_NAME.test(name)) {
      throw this.#notFound(`holds the program ${quotedPath(this.#taken.path)} instead`);
    }
    return this.#taken;
  }

  #examine(entry: ReadEntry): void {
    this.#entry = entry;
    const view = viewOf(entry);
    this.#countHeader(entry.path);
    const refusal = refusalOf(view);
    if (refusal !== undefined) this.#refuse(entry.path, refusal);
    if (entry.size > this.#wanted.maxBinaryBytes) this.#refuseSize(entry);
    if (this.#failure !== undefined || view.type === "Directory") {
      entry.resume();
      return;
    }
    this.#read(entry);
  }

  #read(entry: ReadEntry): void {
    if (nameOf(entry.path) === this.#wanted.binaryName) {
      this.#take(entry.path);
      entry.on("data", (piece) => this.#pieces.push(piece));
      return;
    }
    this.#others.push(entry.path);
    let head: Buffer | undefined = Buffer.alloc(0);
    let elf = false;
    entry.on("data", (piece) => {
      if (head === undefined) {
        if (elf) this.#pieces.push(piece);
        return;
      }
      head = Buffer.concat([head, piece]);
      if (head.length < MAGIC_BYTES) return;
      elf = isElf(head);
      if (elf) this.#take(entry.path);
      if (elf) this.#pieces.push(head);
      head = undefined;
    });
  }

  #take(path: string): void {
    if (this.#taken === undefined) this.#taken = { path };
    else this.#refuse(path, `${quotedPath(this.#taken.path)} could be the shim as well, and only one file may be`);
  }

  #countHeader(path: string): void {
    this.#headers += 1;
    if (this.#headers > MAX_HEADERS) this.#refuse(path, `the archive has more than ${String(MAX_HEADERS)} headers`);
  }

  #refuse(path: string, why: string): void {
    this.#failure ??= new ArchiveError(
      "ArchiveRefused",
      `the archive is refused because of its entry ${quotedPath(path)}: ${why}`,
    );
  }

  #refuseSize({ path, size }: ReadEntry): void {
    const limit = this.#wanted.maxBinaryBytes;
    const message = `its entry ${quotedPath(path)} has ${String(size)} bytes, and ${String(limit)} are allowed`;
    this.#failure ??= new ArchiveError("ArtifactTooLarge", message);
  }

  #notFound(found: string): ArchiveError {
    const names = this.#others.slice(0, LISTED_NAMES).map((path) => quotedPath(path));
    const listed = names.length === 0 ? "no file at all" : names.join(", ");
    const more = this.#others.length > LISTED_NAMES ? ` and ${String(this.#others.length - LISTED_NAMES)} more` : "";
    const wanted = quotedPath(this.#wanted.binaryName);
    return new ArchiveError(
      "ShimNotInArchive",
      `${wanted} is wanted, and the archive ${found}; it has ${listed}${more}`,
    );
  }
}

function viewOf(entry: ReadEntry): EntryView {
  return { path: entry.path, type: entry.header.type, globals: entry.globalExtended ?? {} };
}

/** Other readers go on behind the end mark and would find more there. */
function checkPadding(piece: Buffer): void {
  if (piece.some((byte) => byte !== 0)) {
    throw new ArchiveError("ArchiveRefused", "the archive is refused because there is something behind its end mark");
  }
}

import { Buffer } from "node:buffer";
import { ArchiveError } from "./archive-error.ts";
import { TAR_BLOCK_BYTES, contentOf, familiarName } from "./content.ts";
import { quotedBytes } from "./quoted-bytes.ts";
import { ShimInTar, type TakenShim, type WantedShim } from "./shim-in-tar.ts";

const EXPECTED = "expected is an ELF program, or a tar archive with it, plain or compressed by gzip or zstd";

/** Takes pieces of what was fetched and gives pieces of the shim. */
interface Sieve {
  push(piece: Buffer): readonly Buffer[];
  end(): TakenShim | undefined;
}

/**
 * Gives the bytes of the shim that is in a tar archive, or is all there is.
 *
 * @param taken told where in the archive the shim lay, at the end.
 * @throws {ArchiveError} `ArtifactNotAnArchive`, and whatever is wrong with the archive.
 */
export async function* sift(
  pieces: AsyncIterable<Buffer>,
  wanted: WantedShim,
  taken: (shim: TakenShim) => void,
): AsyncGenerator<Buffer> {
  let sieve: Sieve | undefined;
  for await (const piece of withFirstOf(pieces, TAR_BLOCK_BYTES)) {
    sieve ??= sieveFor(piece, wanted);
    yield* sieve.push(piece);
  }
  if (sieve === undefined) throw new ArchiveError("ArtifactNotAnArchive", `it is empty: ${EXPECTED}`);
  const shim = sieve.end();
  if (shim !== undefined) taken(shim);
}

/** The same bytes; the first piece has at least so many, unless all have fewer. */
async function* withFirstOf(pieces: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let first: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of pieces) {
    if (first === undefined) {
      yield piece;
      continue;
    }
    first = Buffer.concat([first, piece]);
    if (first.length < bytes) continue;
    yield first;
    first = undefined;
  }
  if (first !== undefined && first.length > 0) yield first;
}

function sieveFor(head: Buffer, wanted: WantedShim): Sieve {
  const content = contentOf(head);
  if (content === "tar") return new ShimInTar(wanted);
  if (content === "elf") return wholeFile(wanted.maxBinaryBytes);
  const familiar = familiarName(head);
  const looks = familiar === undefined ? "" : `it is ${familiar}, `;
  throw new ArchiveError("ArtifactNotAnArchive", `${looks}it starts with ${quotedBytes(head)}: ${EXPECTED}`);
}

function wholeFile(maxBytes: number): Sieve {
  let bytes = 0;
  return {
    push(piece) {
      bytes += piece.length;
      if (bytes <= maxBytes) return [piece];
      throw new ArchiveError(
        "ArtifactTooLarge",
        `the program has more than the ${String(maxBytes)} bytes that are allowed`,
      );
    },
    end: () => undefined,
  };
}

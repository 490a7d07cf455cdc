/**
 * Packs an executable as a Shim's artifact: a reproducible tar.gz with that one file in it.
 *
 *     node scripts/pack-shim.ts --name containerd-shim-demo-v2 --out dist/demo.tar.gz [--source FILE] [--variant TEXT]
 *
 * prints `<sha256>  <archive>`. It is for tests and the demo, which take the distribution's containerd-shim-runc-v2 under
 * another name. Such a shim must be configured without containerd runtime options: containerd sends those of any runtime
 * type other than io.containerd.runc.v2 as `runtimeoptions.v1.Options`, which runc's shim refuses.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createGzip } from "node:zlib";
import { messageOf } from "../lib/errors.ts";
import { BuildError } from "./build-error.ts";
import { tarStream } from "./tar-stream.ts";
import { writeWhole } from "./write-whole.ts";

/** Where Debian's package containerd puts it. */
const RUNC_SHIM = "/usr/bin/containerd-shim-runc-v2";

/** What containerd runs for `io.containerd.<x>.v2`: https://github.com/containerd/containerd/blob/v1.7.24/runtime/v2/README.md#runtime-shim */
const SHIM_NAME = /^containerd-shim-[A-Za-z0-9][A-Za-z0-9_-]*-v[0-9]+$/;
const DEADLINE_MS = 60_000;

export interface ShimSource {
  /** The executable; Debian's containerd-shim-runc-v2 unless told. */
  readonly source?: string;
  /** Its name in the archive: `containerd-shim-<x>-v<n>`. */
  readonly name: string;
  /** The archive to write. */
  readonly file: string;
  /** Text put behind the end of the ELF image: it runs the same and has another digest, as an upgrade has. */
  readonly variant?: string;
}

export interface PackedShim {
  readonly file: string;
  /** Of the archive, hex: what a Shim names as the platform's `sha256`. */
  readonly sha256: string;
  /** Of the executable in it, hex. */
  readonly binarySha256: string;
}

/**
 * Writes the archive. The same executable, name and variant give the same bytes.
 *
 * @throws {BuildError} `ENTRY_INVALID` if the name is not a shim's, `SOURCE_MISSING` if the executable cannot be read.
 */
export async function packShim(shim: ShimSource, signal: AbortSignal): Promise<PackedShim> {
  if (!SHIM_NAME.test(shim.name)) {
    throw new BuildError("ENTRY_INVALID", `Cannot pack shim "${shim.name}": its name is not containerd-shim-<x>-v<n>`);
  }
  const content = Buffer.concat([await executable(shim.source ?? RUNC_SHIM), Buffer.from(shim.variant ?? "")]);
  const entries = [{ kind: "file", path: shim.name, content, mode: 0o755 }] as const;
  await writeWhole(shim.file, tarStream(entries), [createGzip({ level: 9 })], signal);
  return { file: shim.file, sha256: sha256(await readFile(shim.file)), binarySha256: sha256(content) };
}

async function executable(source: string): Promise<Buffer> {
  try {
    return await readFile(source);
  } catch (cause) {
    const remedy = source === RUNC_SHIM ? ": install the package containerd or name another with --source" : "";
    throw new BuildError("SOURCE_MISSING", `Cannot pack shim "${source}": it cannot be read${remedy}`, { cause });
  }
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function parseShim(args: readonly string[]): ShimSource {
  const options = { name: { type: "string" }, out: { type: "string" }, source: { type: "string" } } as const;
  const { values } = parseArgs({ args: [...args], options: { ...options, variant: { type: "string" } } });
  const { name, out, source, variant } = values;
  if (name === undefined || out === undefined) {
    throw new BuildError(
      "USAGE",
      "Cannot pack a shim: --name containerd-shim-<x>-v<n> and --out FILE.tar.gz are needed",
    );
  }
  return {
    name,
    file: out,
    ...(source === undefined ? {} : { source }),
    ...(variant === undefined ? {} : { variant }),
  };
}

async function main(): Promise<void> {
  try {
    const { sha256: digest, file } = await packShim(parseShim(process.argv.slice(2)), AbortSignal.timeout(DEADLINE_MS));
    console.log(`${digest}  ${file}`);
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();

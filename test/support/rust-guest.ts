import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { cacheFolder } from "../guests/guest-cache.ts";
import { ensureRustTarget } from "../guests/rust-target.ts";

const GUESTS = join(import.meta.dirname, "..", "guests");
const TARGET = "wasm32-wasip2";
const BUILD_MS = 600_000;

/**
 * Builds a guest of `test/guests` in Rust, once for all tests of a machine: cargo sees what has changed.
 * Needs cargo and rustup.
 *
 * @returns the folder with the components.
 */
export async function buildRustGuest(name: string): Promise<string> {
  await ensureRustTarget(TARGET);
  const target = cacheFolder("cargo");
  const cargo = spawn("cargo", ["build", "--release", "--locked", "--target", TARGET, "--target-dir", target], {
    cwd: join(GUESTS, name),
    stdio: ["ignore", "ignore", "pipe"],
    signal: AbortSignal.timeout(BUILD_MS),
  });
  let errors = "";
  cargo.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [code] = (await once(cargo, "close")) as [number | null];
  if (code !== 0) throw new Error(`Cannot build the guest "${name}": cargo exits with ${code}: ${errors}`);
  return join(target, TARGET, "release");
}

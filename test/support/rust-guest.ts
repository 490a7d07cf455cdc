import { copyFileSync, existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, digestOfFolder, putInPlace } from "../guests/guest-cache.ts";
import { runTool } from "../guests/run-tool.ts";
import { ensureRustTarget } from "../guests/rust-target.ts";

const GUESTS = join(import.meta.dirname, "..", "guests");
const TARGET = "wasm32-wasip2";
/** What cargo makes of each. */
const COMPONENTS = {
  "rust-host": ["rust_host.wasm", "rust-command.wasm"],
  "rust-wasi": ["rust-wasi.wasm"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export const RUST_GUEST_NAMES = Object.keys(COMPONENTS) as readonly RustGuestName[];
type RustGuestName = keyof typeof COMPONENTS;

/**
 * Builds a guest of `test/guests` in Rust that is several components, unless it was built from the same source before. It is
 * copied from what cargo has built, for other checkouts build there, too. Needs cargo and rustup.
 *
 * @returns the folder with the components.
 */
export async function buildRustGuest(name: RustGuestName): Promise<string> {
  const source = join(GUESTS, name);
  const folder = join(cacheFolder(name), digestOfFolder(source));
  if (existsSync(folder)) return folder;
  await ensureRustTarget(TARGET);
  const built = cacheFolder("cargo");
  await runTool("cargo", ["build", "--release", "--locked", "--target", TARGET, "--target-dir", built], source);
  const half = mkdtempSync(join(cacheFolder(name), "half-"));
  for (const file of COMPONENTS[name]) copyFileSync(join(built, TARGET, "release", file), join(half, file));
  putInPlace(half, folder);
  return folder;
}

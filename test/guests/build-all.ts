/** Builds all guests that are not built yet, so that suites which run side by side find them. */
import { buildRustGuest, RUST_GUEST_NAMES } from "../support/rust-guest.ts";
import { buildGuest, GUEST_NAMES } from "./build-guest.ts";

for (const name of GUEST_NAMES) await timed(name, async () => buildGuest(name));
for (const name of RUST_GUEST_NAMES) await timed(name, async () => buildRustGuest(name));

async function timed(name: string, build: () => Promise<string>): Promise<void> {
  const from = performance.now();
  await build();
  process.stdout.write(`${((performance.now() - from) / 1000).toFixed(1).padStart(6)} s  ${name}\n`);
}

/** Builds all guests that are not built yet, so that suites which run side by side find them. */
import { buildGuest, GUEST_NAMES } from "./build-guest.ts";

for (const name of GUEST_NAMES) {
  const from = performance.now();
  await buildGuest(name);
  process.stdout.write(`${((performance.now() - from) / 1000).toFixed(1).padStart(6)} s  ${name}\n`);
}

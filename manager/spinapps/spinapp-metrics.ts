import { Gauge, type Registry } from "prom-client";
import type { SpinAppCache } from "./cache.ts";

/** Counts SpinApps with each scrape. */
export function watchSpinApps(registry: Registry, cache: SpinAppCache): void {
  const gauge = new Gauge({
    name: "rcm_spinapps",
    help: "SpinApps by whether they run as their spec says",
    labelNames: ["ready"],
    registers: [registry],
    collect() {
      const counts = { True: 0, False: 0 };
      for (const [, { apps }] of cache.groups()) {
        for (const { status } of apps.store.values()) {
          const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
          counts[ready ? "True" : "False"] += 1;
        }
      }
      gauge.set({ ready: "true" }, counts.True);
      gauge.set({ ready: "false" }, counts.False);
    },
  });
}

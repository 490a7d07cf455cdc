import { spinKey } from "../spinapps/app-id.ts";
import type { SpinAppCache } from "../spinapps/cache.ts";

/** Calls `add` with the key of each SpinAppExecutor that a change may concern. */
export function addExecutorTriggers(cache: SpinAppCache, add: (key: string) => void): void {
  for (const [group, { apps, executors }] of cache.groups()) {
    executors.onChange(({ key }) => add(`${group}/${key}`));
    apps.onChange(({ key }) => {
      for (const { group: of, executor } of cache.candidates(key.slice(0, key.indexOf("/")))) {
        const { deletionTimestamp, namespace = "", name = "" } = executor.metadata;
        if (deletionTimestamp !== undefined) add(spinKey({ group: of, namespace, name }));
      }
    });
  }
}

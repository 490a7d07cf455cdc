import { spinKey } from "../spinapps/app-id.ts";
import type { SpinAppCache } from "../spinapps/cache.ts";

/** Calls `add` with the key of each SpinAppExecutor that a change may concern. */
export function addExecutorTriggers(cache: SpinAppCache, add: (key: string) => void): void {
  for (const [group, { apps, executors }] of cache.groups()) {
    executors.onChange(({ key }) => {
      add(`${group}/${key}`);
      addThoseThatGo(key); // Another one may take over who uses them.
    });
    apps.onChange(({ key }) => {
      addThoseThatGo(key);
    });
  }

  /** Those of the namespace that somebody has deleted. */
  function addThoseThatGo(key: string): void {
    for (const { group, executor } of cache.candidates(key.slice(0, key.indexOf("/")))) {
      const { deletionTimestamp, namespace = "", name = "" } = executor.metadata;
      if (deletionTimestamp !== undefined) add(spinKey({ group, namespace, name }));
    }
  }
}

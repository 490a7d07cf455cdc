import { runcLimit } from "./container.ts";
import type { Container, TaskHost } from "./container.ts";
import { publishEvent } from "./publish-event.ts";

/** Lets the user's program run. The end of the container is told after its start, also if it ends at once. */
export async function startContainer(host: TaskHost, container: Container, call: AbortSignal): Promise<void> {
  const { id, init, runc, traits } = container;
  init.move("starting", "start");
  const { promise, resolve } = Promise.withResolvers<void>();
  init.started = promise;
  try {
    const { hasPoststartHooks } = traits;
    await runc.start({ id, pid: init.pid, hasPoststartHooks }, runcLimit(call));
    init.back("starting", "running");
    publishEvent(host, "/tasks/start", { containerId: id, pid: init.pid });
  } catch (error) {
    init.back("starting", "created");
    throw error;
  } finally {
    resolve();
  }
}

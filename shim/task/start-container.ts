import type { Call } from "../ttrpc/service.ts";
import type { Container, TaskHost } from "./container.ts";
import { publishEvent } from "./publish-event.ts";
import { runcLimit } from "./runc-limit.ts";

/**
 * Lets the user's program run. The end of the container is told after its start, also if it ends at once. A component's
 * container counts as started when it listens: a pod without a readiness probe gets no request before.
 */
export async function startContainer(host: TaskHost, container: Container, call: Call): Promise<void> {
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
  await container.readiness?.wait(call.signal);
  container.afterStart();
}

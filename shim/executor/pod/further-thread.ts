import { parentPort, workerData } from "node:worker_threads";
import type { ThreadHost } from "../server/thread-host.ts";
import type { ThreadData, ThreadNews } from "./start-thread.ts";

/** In a thread that the first one has started: what is between the two, and the signal to stop. */
export function furtherThread(): { readonly host: ThreadHost; readonly signal: AbortSignal } {
  const port = parentPort;
  if (port === null) throw new TypeError("Cannot serve in the first thread as if it were another one");
  const stop = new AbortController();
  port.once("message", () => {
    stop.abort(new DOMException("Stopped by the first thread", "AbortError"));
    port.close(); // Else it keeps the thread.
  });
  function tell(news: ThreadNews): void {
    port?.postMessage(news);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the first thread gives that
  const { address } = workerData as ThreadData;
  const further = {
    address,
    quiet: () => {
      tell("quiet");
    },
  };
  function ready(): void {
    tell("listening");
  }
  return { host: { ready, further }, signal: stop.signal };
}

/** A signal that aborts when the process is asked to stop (SIGTERM or SIGINT). */
export function shutdownSignal(events: Pick<NodeJS.Process, "once">): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    events.once(name, () => {
      controller.abort(new DOMException(`Stopped by ${name}`, "AbortError"));
    });
  }
  return controller.signal;
}

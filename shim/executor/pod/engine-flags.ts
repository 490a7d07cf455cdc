import { nodeV8 } from "@rcm/lib/late-modules";

/** With less, memory is what a pod lacks first. */
const TIGHT_BYTES = 256 * 1024 * 1024;

/**
 * To be called before the component is loaded. Preparing validates the whole of it, so compiling need not do so again:
 * 50 ms for a JavaScript engine. And garbage is collected sooner: such an engine of 13 MB is loaded within 128 MiB.
 */
export function tuneForLoading(): void {
  loadWhatServersNeed();
  nodeV8().setFlagsFromString("--wasm-lazy-validation");
  nodeV8().setFlagsFromString("--optimize-for-size");
}

/** After flags change, V8 compiles again what Node loads from then on, instead of using its snapshot: `listen()` needs this module. */
function loadWhatServersNeed(): void {
  process.getBuiltinModule("node:cluster");
}

/**
 * To be called after the component is loaded: collecting garbage soon costs up to half of the time of a request,
 * which only a container with little memory should pay.
 *
 * @param limitBytes of the container, `undefined` if there is none.
 */
export function tuneForRequests(limitBytes: number | undefined): void {
  if (limitBytes === undefined || limitBytes >= TIGHT_BYTES) nodeV8().setFlagsFromString("--no-optimize-for-size");
}

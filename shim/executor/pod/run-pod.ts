import { GUEST_ROOT } from "../../spec/executor-layout.ts";
import type { GuestDocument } from "../../spec/guest-document.ts";
import type { CommandIo } from "../commands/command-io.ts";
import { type GuestOptions, guestOptionsFrom } from "../commands/guest-options.ts";
import { loadComponent } from "../commands/load-component.ts";
import { isCommand, runLinked } from "../commands/run.ts";
import { EVERYWHERE, isServable, serveLinked } from "../commands/serve.ts";
import type { Linked } from "../component/host-interface.ts";
import type { HostState } from "../host/state.ts";
import { ServeError } from "../server/errors.ts";
import { DEFAULT_LIMITS } from "../server/limits.ts";
import { listenAddressFrom } from "../server/listen-address.ts";
import { findComponent } from "./find-component.ts";

/** A component that is ready to run in a container. */
export interface LoadedPod {
  readonly options: GuestOptions;
  readonly arguments: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly linked: Linked<HostState>;
}

/**
 * Loads the component of a container. It gets the arguments and variables that the pod has, the image's files with the
 * volumes as `/`, and the pod's network.
 *
 * @param component its file, if it is not what the first argument means.
 * @throws {ServeError}, {ComponentError}, {SpecError} if it cannot be run.
 */
export function loadPod(guest: GuestDocument, component: string | undefined): LoadedPod {
  const variables = variablesOf(guest.env);
  const options = guestOptions(component ?? findComponent(guest, GUEST_ROOT), variables);
  return { options, arguments: guest.args, variables, linked: loadComponent(options) };
}

/** Serves the component if it can answer requests, else runs it as a command. Returns the exit code. */
export async function runPod(pod: LoadedPod, io: CommandIo, signal: AbortSignal): Promise<number> {
  const { options, variables, linked } = pod;
  const how = { guest: options, arguments: pod.arguments };
  if (isServable(linked)) {
    const address = listenAddressFrom(variables, EVERYWHERE);
    return serveLinked(linked, { ...how, address, limits: DEFAULT_LIMITS }, io, signal);
  }
  if (isCommand(linked)) return runLinked(linked, how, io, signal);
  throw new ServeError(
    "NO_ENTRY",
    `Cannot run "${options.file}": it exports neither wasi:http/incoming-handler nor wasi:cli/run (0.2)`,
  );
}

function guestOptions(file: string, environment: Readonly<Record<string, string>>): GuestOptions {
  return {
    ...guestOptionsFrom(file, { "allow-network": true }, environment),
    environment: Object.entries(environment),
    folders: [{ hostPath: GUEST_ROOT, guestPath: "/", access: "read-write" }],
  };
}

/** Of a variable that is there twice the last counts, as with Linux's programs that containerd starts. */
function variablesOf(env: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    env.flatMap((entry): [string, string][] => {
      const equals = entry.indexOf("=");
      return equals > 0 ? [[entry.slice(0, equals), entry.slice(equals + 1)]] : [];
    }),
  );
}

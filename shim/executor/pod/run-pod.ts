import { GUEST_ROOT } from "../../spec/executor-layout.ts";
import type { GuestDocument } from "../../spec/guest-document.ts";
import type { CommandIo } from "../commands/command-io.ts";
import { type GuestOptions, guestOptionsFrom } from "../commands/guest-options.ts";
import { loadComponent } from "../commands/load-component.ts";
import { isCommand, runLinked } from "../commands/run.ts";
import { EVERYWHERE, isServable, serveLinked } from "../commands/serve.ts";
import { ServeError } from "../server/errors.ts";
import { DEFAULT_LIMITS } from "../server/limits.ts";
import { listenAddressFrom } from "../server/listen-address.ts";
import { findComponent } from "./find-component.ts";

export interface PodGuest {
  readonly guest: GuestDocument;
  /** The component's file, if it is not one of the image's files. */
  readonly component: string | undefined;
}

/**
 * Runs the component of a container: serves it if it can answer requests, else runs it as a command. It gets the
 * arguments and variables that the pod has, the image's files with the volumes as `/`, and the pod's network.
 *
 * @returns the exit code.
 * @throws {ServeError}, {ComponentError}, {SpecError} if it cannot start.
 */
export async function runPod({ guest, component }: PodGuest, io: CommandIo, signal: AbortSignal): Promise<number> {
  const file = component ?? findComponent(guest, GUEST_ROOT);
  const environment = variablesOf(guest.env);
  const options = guestOptions(file, environment);
  const linked = loadComponent(options);
  if (isServable(linked)) {
    const address = listenAddressFrom(environment, EVERYWHERE);
    const how = { guest: options, arguments: guest.args, address, limits: DEFAULT_LIMITS };
    return serveLinked(linked, how, io, signal);
  }
  if (isCommand(linked)) return runLinked(linked, { guest: options, arguments: guest.args }, io, signal);
  throw new ServeError(
    "NO_ENTRY",
    `Cannot run "${file}": it exports neither wasi:http/incoming-handler nor wasi:cli/run (0.2)`,
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

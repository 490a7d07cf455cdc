import type { FolderOption } from "../host/filesystem/preopen.ts";
import type { ServerLimits } from "../server/limits.ts";
import type { ListenAddress } from "../server/listen-address.ts";
import type { AppSource } from "../spin/load/open-app.ts";
import type { CommandIo } from "./command-io.ts";
import type { PreparingOptions } from "./load-component.ts";

/** How a Spin application is to run. */
export interface AppOptions extends PreparingOptions {
  readonly source: AppSource;
  /** The folder that paths of the application, its configuration and its state are in: `/` by hand. */
  readonly root: string;
  /** Ids of the components to keep; `undefined`: all. */
  readonly retained: readonly string[] | undefined;
  /** Values of variables that come before those of all providers. */
  readonly variables: ReadonlyMap<string, string>;
  /** Where the other variables come from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Below `root`. `undefined`, or if there is none: the defaults. */
  readonly runtimeConfig: string | undefined;
  /** Where stores are that say nothing else, below `root`. */
  readonly stateDir: string;
  /** Below `root`: variables for those that the environment lacks. */
  readonly dotenv: string | undefined;
  /** What all components see besides their own files. */
  readonly volumes: readonly FolderOption[];
  /** A file of certificates in PEM that are trusted in place of Node's, if it is there. */
  readonly certificates: string | undefined;
  /** Of a command. */
  readonly arguments: readonly string[];
  readonly address: ListenAddress;
  readonly limits: ServerLimits;
}

/** `SPIN_COMPONENTS_TO_RETAIN`, as Spin's operator sets it: ids between commas. */
export function retainedFrom(environment: CommandIo["environment"]): readonly string[] | undefined {
  const ids = (environment["SPIN_COMPONENTS_TO_RETAIN"] ?? "").split(",").map((id) => id.trim());
  const named = ids.filter((id) => id !== "");
  return named.length === 0 ? undefined : named;
}

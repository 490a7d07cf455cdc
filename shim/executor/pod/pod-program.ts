import { existsSync } from "node:fs";
import { join } from "node:path";
import type { GuestDocument } from "../../spec/guest-document.ts";
import { ServeError } from "../server/errors.ts";
import type { AppSource } from "../spin/load/open-app.ts";
import { findComponent } from "./find-component.ts";
import { importsSpin } from "./imports-spin.ts";

/** What a container runs. */
export type PodProgram =
  /** A component by itself: it gets what the pod has. */
  | { readonly kind: "component"; readonly file: string }
  /** A Spin application: its components get what its manifest says. */
  | { readonly kind: "app"; readonly source: AppSource };

export interface PodPlaces {
  /** The folder that is the guest's `/`. */
  readonly root: string;
  /** The component of an image that is nothing else. */
  readonly component: string | undefined;
  /** The folder of the Spin application that the image is. */
  readonly spinApp: string | undefined;
}

/** What Spin's operator sets, in this form or with more behind it. */
const SPIN_VARIABLES = /^SPIN_(?:VARIABLE_.*|HTTP_LISTEN_ADDR|COMPONENTS_TO_RETAIN|MAX_INSTANCE_MEMORY)$/;
const MANIFESTS = [
  { name: "spin.toml", kind: "manifest" },
  { name: "spin.json", kind: "locked" },
] as const;

/**
 * Decides what a container runs: the Spin application that its image is, the component that is the image or that its
 * first argument means, or the application whose manifest the image has. A component becomes an application of its own
 * if it imports what only these have, or, where it is the whole image, if Spin's operator has made the pod.
 *
 * @throws {ServeError} `USAGE` if there is nothing to run.
 */
export function podProgram(
  guest: GuestDocument,
  variables: Readonly<Record<string, string>>,
  { root, component, spinApp }: PodPlaces,
): PodProgram {
  if (spinApp !== undefined) return app({ kind: "locked", path: join(spinApp, "spin.json") });
  if (component !== undefined) {
    const isOperators = Object.keys(variables).some((name) => SPIN_VARIABLES.test(name));
    return isOperators ? app({ kind: "component", path: component }) : programOf(component);
  }
  const file = findComponent(guest, root);
  if (file !== undefined) return programOf(file);
  for (const { name, kind } of MANIFESTS) {
    const path = join(root, name);
    if (existsSync(path)) return app({ kind, path });
  }
  throw new ServeError(
    "USAGE",
    `Cannot find the component "${guest.args[0] ?? ""}": there is no such file in the image, nor in a volume, and no /spin.toml`,
  );
}

function programOf(file: string): PodProgram {
  return importsSpin(file) ? app({ kind: "component", path: file }) : { kind: "component", file };
}

function app(source: AppSource): PodProgram {
  return { kind: "app", source };
}

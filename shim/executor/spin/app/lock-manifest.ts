import { quote } from "../document/quote.ts";
import { SpinError } from "../errors.ts";
import { ContentFolder } from "./content-folder.ts";
import { lockFiles } from "./lock-files.ts";
import type { ContentReference, LockedApp, LockedComponent } from "./locked-app.ts";
import type { ManifestComponent, SpinManifest } from "./spin-manifest.ts";

const PUSH = "push the application with `spin registry push` and run that image";

/**
 * The application as it runs: its sources and files looked up on disk. Folders without `exclude_files` are mounted as a
 * whole (`path` absolute) unless one would hide another, all else file by file (`path` relative to the guest's root).
 *
 * @param folder of the `spin.toml`.
 * @param root for absolute paths and links, and what nothing leads out of: the root of an image; `/` for a manifest by
 * hand.
 * @throws {SpinError} `MISSING` for files that are not there, `UNSUPPORTED` for sources that are not on disk and for
 * dependencies, `INVALID` for patterns that are none.
 */
export function lockManifest(manifest: SpinManifest, folder: string, root = "/"): LockedApp {
  const content = new ContentFolder(folder, root);
  return { ...manifest, components: manifest.components.map((component) => lockComponent(component, content)) };
}

function lockComponent(component: ManifestComponent, folder: ContentFolder): LockedComponent {
  const { excludeFiles: _excluded, dependencies, ...rest } = component;
  const [dependency] = dependencies;
  if (dependency !== undefined) {
    const is = `its dependency ${quote(dependency)} is a component of its own, which this executor does not put in`;
    throw unsupported(component, `${is}: ${PUSH}, which composes its components`);
  }
  return { ...rest, source: lockSource(component, folder), files: lockFiles(component, folder) };
}

function lockSource(component: ManifestComponent, folder: ContentFolder): ContentReference {
  const { id, source } = component;
  if (source.kind === "url") {
    throw unsupported(
      component,
      `its source is the URL ${quote(source.url)}: put that file beside spin.toml, or ${PUSH}`,
    );
  }
  if (source.kind === "registry") {
    throw unsupported(component, `its source is the package ${quote(source.package)} of a registry: ${PUSH}`);
  }
  const found = folder.find(source.path);
  if (found?.kind === "file") return { kind: "file", path: found.path };
  const is = found === undefined ? "is not there" : "is no file";
  throw new SpinError(
    "MISSING",
    `Cannot use component ${quote(id)}: its source ${quote(source.path)} ${is}: build it, and copy it into the image under that path`,
  );
}

function unsupported({ id }: ManifestComponent, problem: string): SpinError {
  return new SpinError("UNSUPPORTED", `Cannot use component ${quote(id)}: ${problem}`);
}

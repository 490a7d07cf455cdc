import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { lockManifest } from "../app/lock-manifest.ts";
import type { LockedApp } from "../app/locked-app.ts";
import { parseLockedApp } from "../app/parse-locked-app.ts";
import { parseSpinManifest } from "../app/parse-spin-manifest.ts";
import { SpinError } from "../errors.ts";
import { type AppFiles, FolderAppFiles } from "./app-files.ts";

/** Where an application is. */
export type AppSource =
  /** `spin.toml` */
  | { readonly kind: "manifest"; readonly path: string }
  /** `spin.json`, beside it the content if the application comes from an artifact. */
  | { readonly kind: "locked"; readonly path: string }
  /** A component that is the whole application: it gets all requests, and may use nothing. */
  | { readonly kind: "component"; readonly path: string };

const MANIFEST = "spin.toml";
const LOCKED = "spin.json";

/**
 * What a path means: a file, or a folder with one in it.
 *
 * @throws {SpinError} `MISSING` if there is no application.
 */
export function findApp(path: string): AppSource {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new SpinError("MISSING", `Cannot find the application "${path}": it is not there`);
  if (!stats.isDirectory()) return fileSource(path);
  const name = [MANIFEST, LOCKED].find((candidate) => existsSync(join(path, candidate)));
  if (name !== undefined) return fileSource(join(path, name));
  throw new SpinError("MISSING", `Cannot find an application in "${path}": it has neither ${MANIFEST} nor ${LOCKED}`);
}

function fileSource(path: string): AppSource {
  const extension = extname(path);
  if (extension === ".toml") return { kind: "manifest", path };
  return { kind: extension === ".json" ? "locked" : "component", path };
}

/**
 * Reads an application. Its components are not read yet.
 *
 * @param root - the folder that its paths are in.
 * @throws {SpinError}
 */
export async function openApp(source: AppSource, root: string): Promise<AppFiles> {
  const folder = resolve(dirname(source.path));
  if (source.kind === "component") {
    return new FolderAppFiles({ app: appOf(resolve(source.path)), root: "/", layout: undefined });
  }
  const text = readText(source.path);
  if (source.kind === "manifest") {
    const app = lockManifest(await parseSpinManifest(text), folder, root);
    return new FolderAppFiles({ app, root, layout: undefined });
  }
  const layout = existsSync(join(folder, "content")) ? folder : undefined;
  return new FolderAppFiles({ app: parseLockedApp(text), root, layout });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new SpinError("MISSING", `Cannot read the application "${path}"`, { cause: error });
  }
}

/** As Spin makes one of a component alone. */
function appOf(path: string): LockedApp {
  const id = basename(path, extname(path));
  return {
    name: id,
    version: undefined,
    description: undefined,
    variables: new Map(),
    triggers: [{ id: `trigger-${id}`, type: "http", config: { route: "/...", component: id } }],
    components: [
      {
        id,
        description: undefined,
        source: { kind: "file", path },
        environment: {},
        files: [],
        variables: {},
        allowedOutboundHosts: [],
        keyValueStores: [],
        sqliteDatabases: [],
        aiModels: [],
      },
    ],
    triggerSettings: {},
  };
}

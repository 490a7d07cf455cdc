import { isAbsolute, join } from "node:path";
import { parseArgs } from "node:util";
import { BuildError } from "../build-error.ts";
import type { Architecture } from "../oci-image.ts";
import type { ImageName } from "./programs.ts";
import { IMAGE_NAMES } from "./programs.ts";

export interface BuildOptions {
  readonly help: boolean;
  readonly images: readonly ImageName[];
  readonly architectures: readonly Architecture[];
  /** What stands before the image's name: `localhost/rcm`. */
  readonly registry: string;
  readonly tag: string;
  /** Folder of the archives. */
  readonly out: string;
  readonly refresh: boolean;
  readonly mirror: string | undefined;
}

export const HELP = `scripts/build: the images of manager and node installer as OCI archives, without a container engine.

  --only manager,node-installer   these images (default: both)
  --arch amd64,arm64              for these architectures (default: both)
  --registry PREFIX               before the image's name (default: localhost/rcm)
  --tag TAG                       its version (default: the one in manager/package.json)
  --out FOLDER                    where the archives go (default: dist/images)
  --refresh                       look for newer Debian packages; otherwise those of the last build are taken
  --mirror URL                    a Debian mirror, where the machine has none of its own

Downloads and the layer with Node are kept in /var/cache/rcm (RCM_CACHE names another folder).`;

const ARCHITECTURES: readonly Architecture[] = ["amd64", "arm64"];
/** As the registries' grammar has it: https://github.com/distribution/reference/blob/v0.6.0/reference.go */
const TAG = /^\w[\w.-]{0,127}$/;
const REGISTRY = /^[a-zA-Z0-9.-]+(:[0-9]+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/**
 * @param root folder of the checkout
 * @param version of the programs
 * @throws {BuildError} `USAGE` names the flag and what it takes
 */
export function parseOptions(args: readonly string[], root: string, version: string): BuildOptions {
  const { values } = readFlags(args);
  const out = values.out ?? "dist/images";
  return {
    help: values.help ?? false,
    images: someOf("--only", IMAGE_NAMES, values.only),
    architectures: someOf("--arch", ARCHITECTURES, values.arch),
    registry: matching("--registry", REGISTRY, values.registry ?? "localhost/rcm"),
    tag: matching("--tag", TAG, values.tag ?? version),
    out: isAbsolute(out) ? out : join(root, out),
    refresh: values.refresh ?? false,
    mirror: values.mirror,
  };
}

function readFlags(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    only: text,
    arch: text,
    registry: text,
    tag: text,
    out: text,
    mirror: text,
    refresh: flag,
  } as const;
  try {
    return parseArgs({ args: [...args], options: { ...options, help: { ...flag, short: "h" } } });
  } catch (cause) {
    throw new BuildError("USAGE", `Cannot read the flags: ${(cause as Error).message}`, { cause });
  }
}

function someOf<Name extends string>(flag: string, known: readonly Name[], list: string | undefined): readonly Name[] {
  const wanted = list?.split(",") ?? known;
  const unknown = wanted.find((name) => !known.some((one) => one === name));
  if (unknown !== undefined) throw wrong(flag, unknown, `some of ${known.join(",")}`);
  return known.filter((name) => wanted.includes(name));
}

function matching(flag: string, pattern: RegExp, value: string): string {
  if (!pattern.test(value)) throw wrong(flag, value, `what matches ${pattern.source}`);
  return value;
}

function wrong(flag: string, value: string, wanted: string): BuildError {
  return new BuildError("USAGE", `Cannot use "${flag} ${value}": it takes ${wanted}`);
}

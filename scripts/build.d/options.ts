import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BuildError } from "../build-error.ts";
import type { Architecture } from "../oci-image.ts";
import type { ImageName } from "./programs.ts";
import { IMAGE_NAMES } from "./programs.ts";

const PARTS = ["images", "shim", "cli"] as const;

type Part = (typeof PARTS)[number];

export interface BuildOptions {
  readonly help: boolean;
  readonly parts: readonly Part[];
  readonly images: readonly ImageName[];
  readonly architectures: readonly Architecture[];
  /** What stands before the image's name: `localhost/rcm`. */
  readonly registry: string;
  readonly tag: string;
  /** Folder of the images' archives. */
  readonly out: string;
  /** Folder of the shim's archives and manifest. */
  readonly shimOut: string;
  /** Where nodes will find the shim's archives, without a slash at the end. */
  readonly shimBaseUrl: string;
  /** Folder of the command line's archives and manifest. */
  readonly cliOut: string;
  /** Where Spin will find the command line's archives, without a slash at the end. */
  readonly cliBaseUrl: string;
  /** Source of the shim, relative to the checkout. */
  readonly shimEntry: string;
  readonly refresh: boolean;
  readonly mirror: string | undefined;
}

const SHIM_BASE_URL = "https://example.com/shims";
const CLI_BASE_URL = "https://example.com/kube";

export const HELP = `scripts/build [images] [shim] [cli]: the images of manager and node installer as OCI archives, without a container engine,
the shim as one executable in a tar.gz, with the Shim manifest that names it, and the command line's programs, kube and
kubectl-shim, as one executable in a tar.gz each, with the manifest of Spin's plug-in. Without a name, all.

  --only manager,node-installer   these images (default: both)
  --arch amd64,arm64              for these architectures (default: both)
  --registry PREFIX               before the image's name (default: localhost/rcm)
  --tag TAG                       its version (default: the one in manager/package.json)
  --out FOLDER                    where the images' archives go (default: dist/images)
  --shim-out FOLDER               where the shim's archives and manifest go (default: dist/shim)
  --shim-base-url URL             where nodes will find the archives (default: ${SHIM_BASE_URL})
  --cli-out FOLDER                where the command line's archives and manifest go (default: dist/cli)
  --cli-base-url URL              where Spin will find the archives (default: ${CLI_BASE_URL})
  --shim-entry FILE               the program to build instead of shim/main.ts
  --refresh                       look for newer Debian packages; otherwise those of the last build are taken
  --mirror URL                    a Debian mirror, where the machine has none of its own

The shim needs clang and lld, and qemu-user-static for the other architecture. Downloads and the layer with Node are kept
in /var/cache/rcm (RCM_CACHE names another folder).`;

const ARCHITECTURES: readonly Architecture[] = ["amd64", "arm64"];
/** As the registries' grammar has it: https://github.com/distribution/reference/blob/v0.6.0/reference.go */
const TAG = /^\w[\w.-]{0,127}$/;
/** As the CRD takes it. */
const BASE_URL = /^https?:\/\/[^\s"'#?]+$/;
const REGISTRY = /^[a-zA-Z0-9.-]+(:[0-9]+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/**
 * @param root folder of the checkout
 * @param version of the programs
 * @throws {BuildError} `USAGE` names the flag and what it takes
 */
export function parseOptions(args: readonly string[], root: string, version: string): BuildOptions {
  const { values, positionals } = readFlags(args);
  return {
    help: values.help,
    parts: someOf("", PARTS, positionals.length === 0 ? undefined : positionals),
    images: someOf("--only ", IMAGE_NAMES, values.only?.split(",")),
    architectures: someOf("--arch ", ARCHITECTURES, values.arch?.split(",")),
    registry: matching("--registry", REGISTRY, values.registry),
    tag: matching("--tag", TAG, values.tag ?? version),
    out: resolve(root, values.out),
    shimOut: resolve(root, values["shim-out"]),
    cliOut: resolve(root, values["cli-out"]),
    cliBaseUrl: matching("--cli-base-url", BASE_URL, values["cli-base-url"]).replace(/\/$/, ""),
    shimBaseUrl: matching("--shim-base-url", BASE_URL, values["shim-base-url"]).replace(/\/$/, ""),
    shimEntry: values["shim-entry"],
    refresh: values.refresh,
    mirror: values.mirror,
  };
}

function readFlags(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    only: text,
    arch: text,
    registry: { ...text, default: "localhost/rcm" },
    tag: text,
    out: { ...text, default: "dist/images" },
    mirror: text,
    refresh: flag,
    "shim-out": { ...text, default: "dist/shim" },
    "shim-base-url": { ...text, default: SHIM_BASE_URL },
    "cli-out": { ...text, default: "dist/cli" },
    "cli-base-url": { ...text, default: CLI_BASE_URL },
    "shim-entry": { ...text, default: "shim/main.ts" },
    help: { ...flag, short: "h" },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new BuildError("USAGE", `Cannot read the flags: ${(cause as Error).message}`, { cause });
  }
}

function someOf<Name extends string>(
  flag: string,
  known: readonly Name[],
  wanted: readonly string[] = known,
): readonly Name[] {
  const unknown = wanted.find((name) => !known.some((one) => one === name));
  if (unknown !== undefined) throw wrong(flag + unknown, `some of ${known.join(",")}`);
  return known.filter((name) => wanted.includes(name));
}

function matching(flag: string, pattern: RegExp, value: string): string {
  if (!pattern.test(value)) throw wrong(`${flag} ${value}`, `what matches ${pattern.source}`);
  return value;
}

function wrong(argument: string, wanted: string): BuildError {
  return new BuildError("USAGE", `Cannot use "${argument}": it takes ${wanted}`);
}

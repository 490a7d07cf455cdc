/** What each image runs. */
import type { ImageConfig } from "../oci-image.ts";
import { NONROOT_UID } from "./base-layer.ts";

export const IMAGE_NAMES = ["manager", "node-installer"] as const;

export type ImageName = (typeof IMAGE_NAMES)[number];

interface ImageProgram {
  readonly title: string;
  /** Its source, relative to the checkout. In the image it is `/app/<image>.mjs`, with parts beside it that are loaded on demand. */
  readonly entry: string;
}

export const PROGRAMS: Readonly<Record<ImageName, ImageProgram>> = {
  manager: { title: "Runtime-class manager", entry: "manager/main.ts" },
  "node-installer": { title: "Node installer of the runtime-class manager", entry: "node-installer/main.ts" },
};

/** node:ffi, which the installer locks files with, would announce on each start that it is experimental. */
const QUIET = "--disable-warning=ExperimentalWarning";

/** V8 takes memory that it could do without; `test/bench/` measures what is left with these limits (megabytes). */
export const NODE_FLAGS: Readonly<Record<ImageName, readonly string[]>> = {
  manager: [
    QUIET,
    "--max-semi-space-size=1",
    "--optimize-for-size",
    "--max-old-space-size=128",
    "--heap-growing-percent=25", // By default what is thrown away may take as much room as what is kept.
  ],
  "node-installer": [QUIET, "--max-semi-space-size=1", "--optimize-for-size"],
};

/** The packages that an image was built from, for its labels. */
export interface Origins {
  readonly version: string;
  readonly nodeVersion: string;
  /** `name=version`, separated by blanks. */
  readonly debianPackages: string;
}

/** The program gets the container's arguments. Both images run as nobody; the installer's Job says where it needs root. */
export function imageConfig(image: ImageName, origins: Origins): ImageConfig {
  return {
    User: `${String(NONROOT_UID)}:${String(NONROOT_UID)}`,
    Env: ["PATH=/usr/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
    Entrypoint: ["/usr/bin/node", ...NODE_FLAGS[image], `/app/${image}.mjs`],
    WorkingDir: "/",
    Labels: {
      "org.opencontainers.image.title": PROGRAMS[image].title,
      "org.opencontainers.image.version": origins.version,
      "org.opencontainers.image.licenses": "Apache-2.0",
      "runtime.spinkube.dev/node-version": origins.nodeVersion,
      "runtime.spinkube.dev/debian-packages": origins.debianPackages,
    },
  };
}

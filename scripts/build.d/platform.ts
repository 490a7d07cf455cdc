import type { Architecture } from "../oci-image.ts";

/** How the others call an architecture. */
export interface Platform {
  readonly architecture: Architecture;
  /** npm package `node-linux-<npm>`. */
  readonly npm: string;
  /** Debian's folder of libraries: `/usr/lib/<triplet>`. */
  readonly triplet: string;
  /** The loader, where the executables' PT_INTERP expects it, `/usr` added. */
  readonly loader: string;
}

export const PLATFORMS: Readonly<Record<Architecture, Platform>> = {
  amd64: {
    architecture: "amd64",
    npm: "x64",
    triplet: "x86_64-linux-gnu",
    loader: "usr/lib64/ld-linux-x86-64.so.2",
  },
  arm64: {
    architecture: "arm64",
    npm: "arm64",
    triplet: "aarch64-linux-gnu",
    loader: "usr/lib/ld-linux-aarch64.so.1",
  },
};

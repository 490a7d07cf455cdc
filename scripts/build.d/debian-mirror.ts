import { BuildError } from "../build-error.ts";
import { runCommand } from "./run-command.ts";

/** The release whose libraries go into the images: "stable", with security support. */
export const DEBIAN_SUITE = "trixie";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Lines for sources.list: `mirror`, or else the Debian mirror that this machine already uses, with its security archive.
 *
 * @throws {BuildError} `SOURCE_MISSING` if the machine has no Debian mirror, as Ubuntu.
 */
export async function debianSources(mirror: string | undefined, signal: AbortSignal): Promise<string> {
  const uris =
    mirror === undefined
      ? (await runCommand("apt-get", ["indextargets", "--format", "$(REPO_URI)"], {}, signal)).split("\n")
      : [mirror, `${mirror.replace(/\/$/, "")}-security`];
  const main = uris.find((uri) => /\/debian\/?$/.test(uri)) ?? mirror;
  const security = uris.find((uri) => /\/debian-security\/?$/.test(uri));
  if (main === undefined) {
    throw new BuildError(
      "SOURCE_MISSING",
      "Cannot find a Debian mirror: apt has none on this machine. Give one: --mirror URL (and install debian-archive-keyring)",
    );
  }
  return [
    sourceLine(main, DEBIAN_SUITE),
    ...(security === undefined ? [] : [sourceLine(security, `${DEBIAN_SUITE}-security`)]),
  ].join("\n");
}

function sourceLine(uri: string, suite: string): string {
  return `deb [signed-by=${KEYRING}] ${uri} ${suite} main`;
}

/** Says what an image is made of: a CycloneDX document for scanners, a text with the licences for people. */
import type { BundledPackage } from "./bundle.ts";
import { DEBIAN_SUITE } from "./debian-mirror.ts";
import type { DebianPackage } from "./debian-packages.ts";

export interface Parts {
  readonly image: string;
  readonly version: string;
  readonly nodeVersion: string;
  readonly debian: readonly DebianPackage[];
  readonly npm: readonly BundledPackage[];
}

interface Component {
  readonly type: "application" | "library";
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

/** CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/) without time stamp and serial number, so that builds are equal. */
export function billOfMaterials(parts: Parts): string {
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { type: "container", name: parts.image, version: parts.version } },
    components: [
      nodeComponent(parts.nodeVersion),
      ...parts.debian.map(debianComponent),
      ...parts.npm.map(npmComponent),
    ],
  };
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

/** Every bundled package with its version and licence. */
export function licenseNotices(packages: readonly BundledPackage[]): string {
  return packages
    .map(({ name, version, license, licenseText }) => `${name} ${version} (${license})\n\n${licenseText.trim()}\n`)
    .join(`\n${"-".repeat(80)}\n\n`);
}

function nodeComponent(version: string): Component {
  return { type: "application", name: "node", version, purl: `pkg:generic/node@${version}` };
}

function debianComponent({ name, version, architecture }: DebianPackage): Component {
  const qualifiers = `arch=${architecture}&distro=${DEBIAN_SUITE}`;
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${qualifiers}`;
  return { type: "library", name, version, purl };
}

function npmComponent({ name, version }: BundledPackage): Component {
  return { type: "library", name, version, purl: `pkg:npm/${name.replace("@", "%40")}@${version}` };
}

/** What Node needs below it and nothing else: the C and C++ libraries, CA certificates, users. No shell, no package manager. */
import { readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { TarEntry } from "../tar-stream.ts";
import type { DebianPackage, DebianTree } from "./debian-packages.ts";
import type { Platform } from "./platform.ts";
import type { FoundLibrary } from "./shared-libraries.ts";
import { packagedFile, sharedLibraries } from "./shared-libraries.ts";

/** The user that the images run as unless the pod says otherwise. */
export const NONROOT_UID = 65_532;

/** Whose libraries, certificates and licences are taken. gcc-14-base has the copyright of those built from gcc. */
export const BASE_PACKAGES = [
  "base-files",
  "ca-certificates",
  "gcc-14-base",
  "libatomic1",
  "libc6",
  "libgcc-s1",
  "libstdc++6",
];

/** The licences that the packages' copyright files point at. */
const COMMON_LICENSES = ["GPL-2", "GPL-3", "LGPL-2.1", "MPL-2.0"];

const PASSWD = `root:x:0:0:root:/root:/sbin/nologin
nonroot:x:${String(NONROOT_UID)}:${String(NONROOT_UID)}:nonroot:/home/nonroot:/sbin/nologin
`;
const GROUP = `root:x:0:\nnonroot:x:${String(NONROOT_UID)}:\n`;

/**
 * The entries of the lowest layer: what `executable` needs to run.
 *
 * @throws {BuildError} `SOURCE_MISSING` if it needs a library that no package of `BASE_PACKAGES` has.
 */
export async function baseEntries(debian: DebianTree, platform: Platform, executable: string): Promise<TarEntry[]> {
  return [
    ...folders(platform),
    text("etc/passwd", PASSWD),
    text("etc/group", GROUP),
    text("etc/nsswitch.conf", "hosts: files dns\n"),
    text("etc/ssl/certs/ca-certificates.crt", await certificateBundle(debian.root)),
    await copy(debian.root, "usr/lib/os-release", 0o644),
    { kind: "link", path: "etc/os-release", target: "../usr/lib/os-release" },
    await copy(debian.root, platform.loader, 0o755),
    ...(await sharedLibraries(debian.root, platform, executable)).map(libraryEntry),
    ...(await Promise.all(COMMON_LICENSES.map(async (name) => await license(debian.root, name)))),
    ...(await Promise.all(debian.packages.map(async (known) => await packageEntries(debian.root, known)))).flat(),
  ];
}

function folders(platform: Platform): TarEntry[] {
  const user = { uid: NONROOT_UID, gid: NONROOT_UID };
  const lib64: TarEntry[] = platform.loader.includes("lib64")
    ? [{ kind: "link", path: "lib64", target: "usr/lib64" }]
    : [];
  return [
    { kind: "folder", path: "home/nonroot", mode: 0o700, ...user },
    { kind: "folder", path: "root", mode: 0o700 },
    { kind: "folder", path: "tmp", mode: 0o1777 },
    { kind: "link", path: "lib", target: "usr/lib" },
    ...lib64,
  ];
}

/** As `update-ca-certificates` joins them when the package is installed. */
async function certificateBundle(root: string): Promise<string> {
  const folder = join(root, "usr/share/ca-certificates/mozilla");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".crt")).toSorted();
  const certificates = await Promise.all(names.map(async (name) => await readFile(join(folder, name), "utf8")));
  return certificates.map((pem) => `${pem.trimEnd()}\n`).join("");
}

function libraryEntry({ path, source }: FoundLibrary): TarEntry {
  return { kind: "file", path, source, mode: 0o644 };
}

async function license(root: string, name: string): Promise<TarEntry> {
  return await copy(root, `usr/share/common-licenses/${name}`, 0o644);
}

/** Its licence, and its paragraph where image scanners look for packages that dpkg did not install itself. */
async function packageEntries(root: string, known: DebianPackage): Promise<TarEntry[]> {
  const status = text(`var/lib/dpkg/status.d/${known.name}`, `${known.control.trimEnd()}\n`);
  const folder = `usr/share/doc/${known.name}`;
  const shared = await readlink(join(root, folder)).catch(() => undefined); // Those of gcc have one licence for all.
  if (shared !== undefined) return [status, { kind: "link", path: folder, target: shared }];
  return [status, await copy(root, `${folder}/copyright`, 0o644)];
}

/** The file that a path leads to, under the path's own name: links on the way are not copied. */
async function copy(root: string, path: string, mode: number): Promise<TarEntry> {
  return { kind: "file", path, source: await packagedFile(root, path), mode };
}

function text(path: string, content: string): TarEntry {
  return { kind: "file", path, content, mode: 0o644 };
}

import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClusterError } from "./cluster-error.ts";
import { exists } from "./go-program.ts";
import { runCommand } from "./run-command.ts";

/** What the machine and, as its /usr is the lower layer of theirs, the nodes need: a file that shows it is there. */
const PACKAGES: Readonly<Record<string, string>> = {
  containerd: "/usr/bin/containerd",
  runc: "/usr/sbin/runc",
  "containernetworking-plugins": "/usr/lib/cni/bridge",
  iptables: "/usr/sbin/iptables",
  nftables: "/usr/sbin/nft",
  iproute2: "/usr/bin/ip",
  systemd: "/usr/lib/systemd/systemd",
  dbus: "/usr/bin/dbus-daemon",
  conntrack: "/usr/sbin/conntrack",
  "docker-registry": "/usr/bin/docker-registry",
  "busybox-static": "/usr/bin/busybox",
  openssl: "/usr/bin/openssl",
  curl: "/usr/bin/curl",
  // For scripts/build.
  clang: "/usr/bin/clang",
  lld: "/usr/bin/ld.lld",
  "qemu-user-static": "/usr/bin/qemu-aarch64-static",
  // For the Wasm of tests.
  "wasi-libc": "/usr/lib/wasm32-wasi/libc.a",
  "libclang-rt-dev-wasm32": "/usr/share/doc/libclang-rt-dev-wasm32",
};

const APT_TIMEOUT_MS = 10 * 60_000;
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Installs what is missing, in one apt run; returns the names. Nothing gets started by it where the machine forbids that. */
export async function installPackages(signal: AbortSignal): Promise<string[]> {
  const missing: string[] = [];
  for (const [name, file] of Object.entries(PACKAGES)) if (!(await exists(file))) missing.push(name);
  if (missing.length === 0) return [];
  const env = { DEBIAN_FRONTEND: "noninteractive", PATH: SYSTEM_PATH };
  await runCommand(["apt-get", "update"], { timeoutMs: APT_TIMEOUT_MS, env }, signal);
  await runCommand(
    ["apt-get", "install", "-y", "--no-install-recommends", ...missing],
    { timeoutMs: APT_TIMEOUT_MS, env },
    signal,
  );
  return missing;
}

export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The Debian suites that have the versions which the machine's own suite does not have. */
const SUITES = { "1.7": "trixie", "2.1": "sid" } as const;

/** A containerd of Debian's, as its unpacked package, from a suite other than the machine's own. */
export type ForeignContainerd = keyof typeof SUITES;

/**
 * Downloads and unpacks a containerd package, once. The machine's apt and dpkg do not learn of it.
 *
 * @returns the unpacked folder: a layer for a node's /usr.
 * @throws {ClusterError} `MACHINE_UNFIT` if the machine's apt knows no Debian mirror or the suite has another version.
 */
export async function unpackContainerd(
  version: ForeignContainerd,
  cacheDir: string,
  signal: AbortSignal,
): Promise<string> {
  const target = join(cacheDir, `containerd-${version}`);
  if (await exists(join(target, "usr/bin/containerd"))) return target;
  const folder = join(cacheDir, `apt-${version}`);
  await Promise.all(
    ["lists/partial", "cache/archives/partial"].map(async (name) => mkdir(join(folder, name), { recursive: true })),
  );
  const suite = SUITES[version];
  await writeFile(join(folder, "sources.list"), `deb [signed-by=${KEYRING}] ${await debianMirror()} ${suite} main\n`);
  const options = { cwd: folder, timeoutMs: APT_TIMEOUT_MS };
  await runCommand(["apt-get", ...aptFolders(folder), "update"], options, signal);
  await runCommand(["apt-get", ...aptFolders(folder), "download", "containerd"], options, signal);
  const archive = (await readdir(folder)).find((name) => name.startsWith(`containerd_${version}.`));
  if (archive === undefined) {
    throw new ClusterError(
      "MACHINE_UNFIT",
      `Cannot get containerd ${version}: Debian's ${suite} has another version now`,
    );
  }
  const part = `${target}.part`;
  await rm(part, { recursive: true, force: true });
  await runCommand(["dpkg", "-x", archive, part], options, signal);
  // A link to a runc of another C library: the machine's own runc must be found.
  await Promise.all(["usr/bin/runc", "usr/sbin/runc"].map(async (name) => rm(join(part, name), { force: true })));
  await rename(part, target);
  await rm(folder, { recursive: true });
  return target;
}

function aptFolders(folder: string): string[] {
  const values = {
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State::lists": join(folder, "lists"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Sandbox::User": "root",
  };
  return Object.entries(values).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}

async function debianMirror(): Promise<string> {
  const folder = "/etc/apt/sources.list.d";
  const names = await readdir(folder).catch(() => []);
  const files = ["debian.sources", ...names].map((name) => join(folder, name));
  for (const file of [...files, "/etc/apt/sources.list"]) {
    const mirror = mirrorIn(await readFile(file, "utf8").catch(() => ""));
    if (mirror !== undefined) return mirror;
  }
  throw new ClusterError("MACHINE_UNFIT", `Cannot get containerd packages: apt on this machine names no Debian mirror`);
}

/** The first mirror of the Debian archive proper in a `.sources` or one-line file. */
export function mirrorIn(sources: string): string | undefined {
  return /^(?:URIs:|deb(?: +\[[^\]]*\])?) +(\S+\/debian)\/?(?:\s|$)/m.exec(sources)?.[1];
}

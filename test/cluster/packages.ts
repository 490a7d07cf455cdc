import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { ClusterError } from "./cluster-error.ts";
import { ForeignSuite } from "./foreign-suite.ts";
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
  // For guests with other kernels: see test/vm.
  "qemu-system-x86": "/usr/bin/qemu-system-x86_64",
  e2fsprogs: "/usr/sbin/mke2fs",
  // For the key-value stores of Spin.
  "redis-server": "/usr/bin/redis-server",
  // For the Wasm of tests.
  "wasi-libc": "/usr/lib/wasm32-wasi/libc.a",
  "libclang-rt-dev-wasm32": "/usr/share/doc/libclang-rt-dev-wasm32",
  // For tests of C code: its sanitizers.
  "libclang-rt-dev": "/usr/share/doc/libclang-rt-dev",
  // For the tools from PyPI that tests compare with.
  "python3-pip": "/usr/share/doc/python3-pip",
};

const APT_TIMEOUT_MS = 10 * 60_000;

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
  const suite = SUITES[version];
  const archive = await (await ForeignSuite.open(suite, folder, signal)).download("containerd", signal);
  if (!basename(archive).startsWith(`containerd_${version}.`)) {
    throw new ClusterError(
      "MACHINE_UNFIT",
      `Cannot get containerd ${version}: Debian's ${suite} has another version now`,
    );
  }
  const part = `${target}.part`;
  await rm(part, { recursive: true, force: true });
  await runCommand(["dpkg", "-x", archive, part], { timeoutMs: APT_TIMEOUT_MS }, signal);
  // A link to a runc of another C library: the machine's own runc must be found.
  await Promise.all(["usr/bin/runc", "usr/sbin/runc"].map(async (name) => rm(join(part, name), { force: true })));
  await rename(part, target);
  await rm(folder, { recursive: true });
  return target;
}

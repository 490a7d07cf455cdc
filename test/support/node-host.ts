import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleInParts, bundleProgram } from "../../scripts/build.d/bundle.ts";
import { packShim } from "../../scripts/pack-shim.ts";
import { openCluster } from "../cluster/index.ts";
import type { Cluster, CommandResult } from "../cluster/index.ts";

/** Where the tests' files lie in a node. */
export const FOLDER = "/srv/rcm-test";
const TOP = join(import.meta.dirname, "../..");
const NODE = join(TOP, "node_modules/node/bin/node");

/** What a report says, as far as tests look at it. */
export interface Report {
  readonly ok: boolean;
  readonly reason?: string;
  readonly message: string;
  readonly restarts: number;
  readonly outageMs?: number;
  readonly durationMs: number;
  readonly rolledBack: boolean;
  readonly level?: string;
  readonly digest?: string;
}

/** A node of the running cluster, with the installer and two versions of a shim on it, used by hand. */
export class NodeHost {
  readonly name: string;
  readonly cluster: Cluster;

  constructor(name: string, cluster: Cluster) {
    this.name = name;
    this.cluster = cluster;
  }

  async sh(script: string, timeoutMs = 60_000): Promise<CommandResult> {
    return this.cluster.nodeExec(this.name, ["sh", "-c", script], { timeoutMs }, AbortSignal.timeout(timeoutMs + 1000));
  }

  /** Standard output of a script that must succeed. */
  async out(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.sh(script);
    if (code !== 0) throw new Error(`"${script}" in ${this.name} ended with ${code}: ${stderr}`);
    return stdout.trim();
  }

  /** Copies a file of this machine into the tests' folder of the node. */
  async provide(file: string, name: string): Promise<void> {
    const argv = ["sh", "-c", `cat > ${FOLDER}/${name}`];
    const options = { timeoutMs: 60_000, stdinFile: file };
    await this.cluster.nodeExec(this.name, argv, options, AbortSignal.timeout(60_000));
  }

  /** Runs the installer in the node; `before` goes in front of its command line, such as strace. */
  async installer(args: string, before = ""): Promise<Report> {
    const line = `${before} ${FOLDER}/node --disable-warning=ExperimentalWarning ${FOLDER}/installer.mjs ${args} --json`;
    const { stdout, stderr, code } = await this.sh(line, 240_000);
    const last = stdout.trim().split("\n").at(-1) ?? "";
    if (!last.startsWith("{")) throw new Error(`The installer ended with ${code} and no report: ${stdout}${stderr}`);
    return JSON.parse(last) as Report;
  }

  async install(version: 1 | 2 = 1, more = ""): Promise<Report> {
    return this.installer(`install --shim ${FOLDER}/shim${version}.tar.gz --name ${SHIM} ${more}`);
  }

  async uninstall(): Promise<Report> {
    return this.installer(`uninstall --name ${SHIM}`);
  }

  /** Starts and removes an ordinary pod through containerd; its error, or "". */
  async ordinaryPod(): Promise<string> {
    return this.#pod("");
  }

  async podOf(handler: string): Promise<string> {
    return this.#pod(handler);
  }

  /** Every file below /etc and /opt with its hash, owner and mode, every folder and link. */
  async listing(): Promise<string> {
    const files = "-type f -exec sha256sum {} +";
    return this.out(
      `find /etc /opt -xdev ${files} | sort -k2; find /etc /opt -xdev -printf '%p %y %m %u:%g %l\\n' | sort; mount | grep -E ' /(etc|opt)' | cut -d ' ' -f 1-5 || true`,
    );
  }

  async isAsBefore(listing: string): Promise<boolean> {
    return (await this.listing()) === listing;
  }

  /** Keeps containerd's configuration as it is. */
  async backUp(): Promise<void> {
    await this.out(`cp -p /etc/containerd/config.toml ${BACKUP}`);
  }

  /** Brings the node back to what `backUp` saw, whatever a test did to it. */
  async repair(): Promise<void> {
    await this.sh(
      [
        "systemctl stop rcm-dead-man.timer rcm-gc.service",
        "while umount /opt /opt/rcm; do :; done",
        "rm -f /etc/systemd/system/rcm-restore.service /run/rcm-restore.spent",
        "rm -rf /etc/systemd/system/containerd.service.wants /opt/rcm /etc/containerd/conf.d /run/systemd/system/containerd.service.d",
        `rm -f /etc/containerd/*.rcm-* ${FOLDER}/held`,
        `cp -p ${BACKUP} /etc/containerd/config.toml`,
        "systemctl daemon-reload; systemctl restart containerd; for i in $(seq 100); do ctr version && break; sleep 0.1; done",
      ].join("; "),
    );
  }

  /** When systemd started containerd last, and how often it had to by itself. */
  async containerdStart(): Promise<string> {
    return this.out("systemctl show containerd -p ActiveEnterTimestampMonotonic -p MainPID");
  }

  async #pod(handler: string): Promise<string> {
    const { stdout, code, stderr } = await this.sh(`${FOLDER}/node ${FOLDER}/probe.mjs '${handler}'`, 90_000);
    return code === 0 ? stdout.trim() : stderr;
  }
}

export const SHIM = "demo-v1";
/** For printf: a runtime of somebody else under the name of the tests' handler. */
export const FOREIGN_RUNTIME = String.raw`\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes."${SHIM}"]\nruntime_type = "io.containerd.runc.v2"\n`;

/** A script that does what a shim may do when it first runs: unpack libraries, here with rights that hinder others. */
export function unpackBeside(executable: string): string {
  return `umask 022; lib="${executable}.lib/0"; mkdir -p "$lib"; echo x > "$lib/libx.so.1"; ln -s libx.so.1 "$lib/libx.so"; chown -R 1000:1000 "$lib"; chmod 0555 "$lib"`;
}

/** Containerd's configuration as it was when the tests began. */
export const BACKUP = `${FOLDER}/config.toml`;

/** The cluster's first nodes: `scripts/cluster up` makes them so. */
export const NODES = [
  { name: "node1", version: "1.6" },
  { name: "node2", version: "1.7" },
  { name: "node3", version: "2.1" },
] as const;

/** The nodes of the running cluster, one for each containerd version, made ready for the installer. */
export async function prepareHosts(): Promise<readonly NodeHost[]> {
  const cluster = openCluster(() => undefined);
  const folder = await mkdtemp(join(tmpdir(), "rcm-test-"));
  try {
    const { files } = await bundleInParts(TOP, "node-installer/main.ts", "installer");
    for (const { name, content } of files) await writeFile(join(folder, name), content);
    await writeFile(join(folder, "probe.mjs"), (await bundleProgram(TOP, "test/support/probe.ts")).code);
    for (const version of [1, 2]) {
      const variant = version === 1 ? {} : { variant: "2" };
      const file = join(folder, `shim${version}.tar.gz`);
      await packShim({ name: `containerd-shim-${SHIM}`, file, ...variant }, AbortSignal.timeout(60_000));
    }
    const hosts = NODES.map(({ name }) => new NodeHost(name, cluster));
    await Promise.all(hosts.map(async (host) => provide(host, folder)));
    return hosts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function provide(host: NodeHost, folder: string): Promise<void> {
  await host.out(`mkdir -p ${FOLDER}`);
  await host.provide(NODE, "node");
  for (const name of await readdir(folder)) await host.provide(join(folder, name), name);
  await host.out(`chmod +x ${FOLDER}/node`);
}

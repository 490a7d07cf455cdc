import { glob, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import type { InstallRequest } from "@rcm/lib/install-job";
import { createLog } from "@rcm/lib/log";
import { importPatterns } from "../containerd-config/index.ts";
import type { Context } from "../context.ts";
import { createDirectLinks } from "../host/direct-host.ts";
import type { CommandResult } from "../host/links.ts";

export const SAMPLE_REQUEST: InstallRequest = {
  operation: "install",
  shim: "demo-v1",
  shimUid: "",
  handler: "demo-v1",
  options: {},
  hash: "h",
  node: { name: "", uid: "", machineId: "", architecture: "amd64" },
};

const RUNC = `[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]`;
const CONFIG = `version = 3\n${RUNC}\nruntime_type = "io.containerd.runc.v2"\n`;

/** A folder that looks like a host on which nothing runs. Its containerd makes of its files that they follow each other. */
export class SampleHost {
  readonly folder: string;
  readonly context: Context;

  constructor(folder: string, { inPod = false, version = "2.1.0" }: { inPod?: boolean; version?: string } = {}) {
    this.folder = folder;
    const links = createDirectLinks();
    this.context = {
      store: { root: this.at("opt/rcm") },
      log: createLog("test", "error", new PassThrough()),
      machineIdPath: this.at("machine-id"),
      scratch: this.at("scratch"),
      onlyFolder: inPod ? this.at("etc/containerd") : undefined,
      podUid: undefined,
      restart: "never",
      links: {
        ...links,
        unit: async () => ({
          name: "containerd.service",
          active: false,
          executable: "containerd",
          configPath: this.at("etc/containerd/config.toml"),
        }),
        run: async (argv, timeoutMs, signal) =>
          argv[0] === "containerd" ? containerd(argv, version) : links.run(argv, timeoutMs, signal),
      },
    };
  }

  at(path: string): string {
    return join(this.folder, path);
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(this.at(path)), { recursive: true });
    await writeFile(this.at(path), text);
  }

  /** Names of all files and folders. */
  async listing(): Promise<readonly string[]> {
    return (await readdir(this.folder, { recursive: true })).toSorted();
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function createSampleHost(options: { inPod?: boolean; version?: string } = {}): Promise<SampleHost> {
  const host = new SampleHost(await mkdtemp(join(tmpdir(), "rcm-host-")), options);
  await mkdir(host.at("opt"));
  await host.write("machine-id", "0123\n");
  await host.write("etc/containerd/config.toml", CONFIG);
  return host;
}

async function containerd(argv: readonly string[], version: string): Promise<CommandResult> {
  const stdout = argv.includes("--version") ? `containerd x v${version} y\n` : await dump(argv);
  return { exitCode: 0, stdout, stderr: "" };
}

async function dump([, flag, path = ""]: readonly string[]): Promise<string> {
  if (flag !== "--config") return CONFIG;
  const text = await readFile(path, "utf8");
  const paths = await Promise.all(importPatterns({ path, text }).map(async (each) => Array.fromAsync(glob(each))));
  const texts = await Promise.all(paths.flat().map(async (each) => readFile(each, "utf8")));
  return [text, ...texts.map((each) => each.replaceAll(/^version.*$/gm, ""))].join("\n");
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killDaemon, startDaemon } from "../cluster/daemon.ts";
import { MACHINE_ADDRESS } from "../cluster/index.ts";
import { eventually } from "./kubectl.ts";
import type { NodeHost } from "./node-host.ts";

const NAME = "private-registry";
const PORT = 5001;
const START_MS = 30_000;

export interface PrivateRegistry {
  /** Host and port, as in an image's name. */
  readonly registry: string;
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
}

/** Of `sesame`, by bcrypt, as htpasswd -B makes it. */
const HASH = "$2b$04$ou1LACx6aZR0BIJ0u8wEme2sCPwxgR7W0EDC/YvghZTp0Ex1wHtca";

/** Debian's registry, on the machine, which asks for a name and a password; the nodes' containerd knows the way. */
export async function startPrivateRegistry(hosts: readonly NodeHost[]): Promise<PrivateRegistry> {
  const registry = `${MACHINE_ADDRESS}:${PORT}`;
  const folder = await mkdtemp(join(tmpdir(), "rcm-registry-"));
  const passwords = join(folder, "htpasswd");
  const config = {
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "storage") } },
    http: { addr: registry },
    auth: { htpasswd: { realm: "private", path: passwords } },
  };
  await writeFile(passwords, `someone:${HASH}\n`);
  await writeFile(join(folder, "config.json"), JSON.stringify(config)); // JSON is YAML.
  const options = { logDir: folder, pidDir: folder, lifetime: "ours" } as const;
  await startDaemon(NAME, ["docker-registry", "serve", join(folder, "config.json")], options);
  const known = `/etc/containerd/certs.d/${registry}`;
  const file = `server = "http://${registry}"\n\n[host."http://${registry}"]\n  capabilities = ["pull", "resolve"]\n`;
  await Promise.all(
    hosts.map(async (host) => host.out(`mkdir -p ${known}; printf '%s' '${file}' > ${known}/hosts.toml`)),
  );
  await eventually("the private registry", START_MS, async () =>
    (await fetch(`http://${registry}/v2/`)).status === 401 ? true : undefined,
  );
  return {
    registry,
    user: "someone",
    password: "sesame",
    stop: async () => {
      await killDaemon(folder, NAME, AbortSignal.timeout(START_MS));
      await Promise.all(hosts.map(async (host) => host.out(`rm -r ${known}`)));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

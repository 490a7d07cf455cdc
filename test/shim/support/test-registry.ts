import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killDaemon, startDaemon } from "../../cluster/daemon.ts";
import { freePort } from "../../cluster/free-port.ts";
import { pollUntil } from "../../cluster/poll-until.ts";
import type { OciImage } from "../../support/oci-image.ts";
import { pushToRegistry } from "../../support/registry-push.ts";

const NAME = "registry";
const START_MS = 20_000;

/** Debian's registry on an address of this machine, without TLS: containerd takes images from there. */
export class TestRegistry {
  readonly #folder: string;
  readonly #address: string;

  private constructor(folder: string, address: string) {
    this.#folder = folder;
    this.#address = address;
  }

  static async start(signal: AbortSignal): Promise<TestRegistry> {
    const folder = await mkdtemp(join(tmpdir(), "rcm-registry-"));
    const address = `127.0.0.1:${String(await freePort())}`;
    const config = {
      version: 0.1,
      log: { level: "warn", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, "images") } },
      http: { addr: address },
    };
    const file = join(folder, "registry.json");
    await writeFile(file, JSON.stringify(config)); // JSON is YAML.
    const options = { logDir: folder, pidDir: folder, lifetime: "ours" } as const;
    await startDaemon(NAME, ["docker-registry", "serve", file], options);
    const wait = { what: "the registry", timeoutMs: START_MS, see: join(folder, `${NAME}.log`) };
    await pollUntil(wait, async () => (await fetch(`http://${address}/v2/`)).ok || undefined, signal);
    return new TestRegistry(folder, address);
  }

  /** @returns the name to pull. */
  async push(title: string, image: OciImage): Promise<string> {
    return pushToRegistry(image, { registry: this.#address, repository: title });
  }

  async stop(signal: AbortSignal): Promise<void> {
    await killDaemon(this.#folder, NAME, signal);
    await rm(this.#folder, { recursive: true });
  }
}

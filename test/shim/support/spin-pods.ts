import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { pollUntil } from "../../cluster/poll-until.ts";
import { digestOf, type OciImage } from "../../support/oci-image.ts";
import { askPod, PORT } from "./pod-http.ts";
import { Pod, STRICT_CONTAINER } from "./pods.ts";
import type { TestContainerd } from "./test-containerd.ts";

const APPS = "/var/lib/containerd-shim-spin-v2/apps";
const PREPARED = "/var/lib/containerd-shim-spin-v2/prepared";
const PREPARE_MS = 60_000;
const ENVS = [
  { key: "SPIN_HTTP_LISTEN_ADDR", value: `0.0.0.0:${String(PORT)}` },
  { key: "SPIN_VARIABLE_GREETING", value: "good morning" },
];

export interface SpinPod {
  readonly pod: Pod;
  /** Of its container `main`. */
  readonly id: string;
}

/** Runs a container of a Spin application in a pod of its own, with a volume at /data and 128 MiB unless told. */
export async function startSpinPod(
  containerd: TestContainerd,
  name: string,
  image: string,
  memoryMiB = 128,
): Promise<SpinPod> {
  const pod = await Pod.run(containerd, name, "spin");
  const hostPath = join(pod.logFolder, "volume");
  await mkdir(hostPath);
  await chmod(hostPath, 0o777);
  await writeFile(join(hostPath, "message"), "from a volume\n");
  const config = { image: { image }, envs: ENVS, mounts: [{ containerPath: "/data", hostPath }] };
  const resources = { memoryLimitInBytes: String(memoryMiB * 1024 * 1024) };
  return { pod, id: await pod.start("main", ["/"], { ...STRICT_CONTAINER, resources, config }) };
}

/** What `rust-spin` and `js-spin` answer in such a pod. @param language of the hello. */
export async function expectAnswers(pod: Pod, language: "rust" | "js"): Promise<void> {
  async function ask(path: string, method = "GET", body?: string): Promise<string> {
    return askPod(pod, path, { method, ...(body === undefined ? {} : { body }) });
  }
  expect(await ask("/hello")).to.equal(`hello from ${language}\n`);
  expect(await ask("/request/x?y=1")).to.match(/^GET \/request\/x\?y=1\n(.*\n)*spin-path-info: \/request\/x\n/);
  expect(await ask("/variable/greeting")).to.equal("good morning from a template");
  expect(await ask("/key-value/a", "PUT", "one")).to.equal("done\n");
  expect(await ask("/key-value/a")).to.equal("one");
  expect(await ask("/key-value")).to.equal("a");
  expect(await ask("/key-value/a", "DELETE")).to.equal("done\n");
  expect(await ask("/key-value/a")).to.equal("there is no such key\n");
  expect(await ask("/sqlite", "POST", "first")).to.equal("1\n");
  expect(await ask("/sqlite", "POST", "second")).to.equal("2\n");
  expect(await ask("/sqlite")).to.equal("1 first\n2 second\n");
  expect(await ask("/self/hello")).to.equal(`hello from ${language}\n`);
  expect(await ask("/chained/")).to.match(/^hello from c/);
  expect(await ask("/file")).to.equal("from a volume\n");
}

/** How the application of an artifact lies in the container of process `pid`: whole, and read-only. */
export async function expectLayout(pid: number, image: OciImage): Promise<void> {
  const folder = join("/proc", String(pid), "root", "spin-app");
  const locked = image.layers.at(-1)?.bytes ?? new Uint8Array();
  expect((await readFile(join(folder, "spin.json"))).equals(locked)).to.equal(true);
  const digests = image.layers.slice(0, -1).map(({ bytes }) => digestOf(bytes).slice("sha256:".length));
  expect(await readdir(join(folder, "content"))).to.have.members(digests);
  const failure: unknown = await writeFile(join(folder, "content/new"), "").catch((error: unknown) => error);
  expect(failure).to.have.property("code", "EROFS");
}

/** Place and first options of what was prepared of components, in the container of process `pid`. */
export async function preparedMounts(pid: number): Promise<readonly string[]> {
  const lines = (await readFile(`/proc/${String(pid)}/mountinfo`, "utf8")).split("\n");
  const mounts = lines.map((line) => line.split(" ").slice(4, 6).join(" "));
  return mounts.filter((mount) => mount.startsWith("/prepared/")).map((mount) => mount.replace(/(nodev).*$/, "$1"));
}

/**
 * Waits until the shim has prepared more of an application's components than the one that was used last. Files of other
 * builds of the shim are there too: the program's identity is the end of each name.
 *
 * @param hexes of the components' digests, that one's first.
 */
export async function untilPrepared([used = "", ...others]: readonly string[]): Promise<void> {
  const program = (await lastUsed(used)).split("-").at(-1) ?? "";
  async function look(): Promise<true> {
    const names = await readdir(PREPARED);
    const missing = others.filter((hex) => !names.includes(`sha256-${hex}-${program}`));
    if (missing.length > 0) throw new Error(`not prepared: ${missing.join(", ")}`);
    return true;
  }
  const wait = { what: "components to be prepared", timeoutMs: PREPARE_MS, see: PREPARED };
  await pollUntil(wait, look, AbortSignal.timeout(2 * PREPARE_MS));
}

async function lastUsed(hex: string): Promise<string> {
  const names = (await readdir(PREPARED)).filter((name) => name.startsWith(`sha256-${hex}-`));
  const times = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(PREPARED, name))).mtimeMs })),
  );
  return times.toSorted((one, other) => other.at - one.at)[0]?.name ?? "";
}

/** Deletes what the shim has laid out for an artifact; returns what it was. */
export async function removeLaidOut({ manifest }: OciImage): Promise<readonly string[]> {
  const name = digestOf(manifest.bytes).replace(":", "-");
  const found = (await readdir(APPS)).filter((each) => each.startsWith(name));
  for (const each of found) await rm(join(APPS, each), { recursive: true });
  return found;
}

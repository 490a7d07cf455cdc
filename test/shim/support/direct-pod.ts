import { link, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DirectShim, sleeper } from "./direct-shim.ts";
import { TEST_TIMEOUT_MS } from "./shared.ts";
import type { TestContainerd } from "./test-containerd.ts";

/** The pod's first container, and another. */
export const POD = "start-pod";
export const LATE = "start-late";

export interface DirectPod {
  /** Its shim is started, and has no container yet. */
  readonly first: DirectShim;
  /** The pod's later container; its executable lies alone in a folder. */
  readonly late: DirectShim;
  /** Of the pod's shim. */
  readonly address: string;
  /** Whether Node's libraries were put beside the later one's executable. */
  unpacked(this: void): Promise<boolean>;
}

/** The text of a specification that says to which pod it belongs, and nothing else. */
export function podSpec(annotations: object, sandbox = POD): string {
  return JSON.stringify({ annotations: { ...annotations, "io.kubernetes.cri.sandbox-id": sandbox } });
}

/** Plays containerd for a pod of two containers; each has `args` as its program if they are told. */
export async function withPod(
  containerd: TestContainerd,
  work: (pod: DirectPod) => Promise<void>,
  args?: readonly string[],
): Promise<void> {
  const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
  const folder = await mkdtemp(join(containerd.folder, "fresh-"));
  const program = join(folder, "shim");
  await link(containerd.shim, program);
  const first = new DirectShim(containerd, POD);
  const late = new DirectShim(containerd, LATE, program);
  for (const shim of [first, late]) {
    await shim.prepare(JSON.stringify({ ...sleeper(containerd.namespace, shim.id, args), ...JSON.parse(podSpec({})) }));
  }
  try {
    await first.connect(signal);
    const address = await readFile(join(first.bundle, "address"), "utf8");
    await work({ first, late, address, unpacked: async () => (await readdir(folder)).length > 1 });
  } finally {
    await late.remove(signal);
    await first.remove(signal);
    await rm(folder, { recursive: true });
  }
}

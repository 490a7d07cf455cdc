import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../cluster/run-command.ts";

const MODULE = "github.com/kedacore/keda/v2@v2.17.2";
const DOWNLOAD_MS = 300_000;

/** KEDA's own definition of its ScaledObjects, of its published module. */
export async function scaledObjectDefinition(): Promise<string> {
  const argv = ["go", "mod", "download", "-json", MODULE];
  const options = { cwd: tmpdir(), timeoutMs: DOWNLOAD_MS };
  const { Dir } = JSON.parse(await runCommand(argv, options, AbortSignal.timeout(DOWNLOAD_MS))) as { Dir: string };
  return readFile(join(Dir, "config/crd/bases/keda.sh_scaledobjects.yaml"), "utf8");
}

/** The talk's ScaledObject, with another target. */
export function scaledObject(name: string, scaleTargetRef: object): object {
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name },
    spec: {
      scaleTargetRef,
      minReplicaCount: 1,
      maxReplicaCount: 20,
      triggers: [{ type: "cpu", metricType: "Utilization", metadata: { value: "50" } }],
    },
  };
}

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";

const MAIN = join(import.meta.dirname, "main.ts");

describe("startProgram()", () => {
  it("says that its output could not be written", async () => {
    const { code, stderr } = await scaffold("> /dev/full");
    expect([code, stderr]).to.deep.equal([
      1,
      "Error: Cannot write the output: ENOSPC: no space left on device, write\n",
    ]);
  });

  it("ends quietly when nobody reads on", async () => {
    const { code, stderr } = await scaffold("| true");
    expect([code, stderr]).to.deep.equal([0, ""]);
  });

  it("leaves no plug-in behind that still signs in when it is stopped", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rcm-start-program-"));
    const lock = join(folder, "lock");
    const script = `exec 9> ${lock}; flock 9; echo waiting >&2; exec sleep 60`;
    const config = join(folder, "config");
    await writeFile(config, JSON.stringify(kubeconfigOf(script)));
    const child = spawn(process.execPath, [MAIN, "list", "--kubeconfig", config], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await once(child.stderr, "data");
    child.kill("SIGINT");
    expect(await once(child, "exit")).to.deep.equal([130, null]);
    await promisify(execFile)("flock", ["-w", "10", lock, "true"]); // Nobody holds it any more.
    await rm(folder, { recursive: true });
  });
});

/** Runs `kube scaffold` with its output sent to somewhere, by the shell. */
async function scaffold(output: string): Promise<{ readonly code: unknown; readonly stderr: string }> {
  const words = [process.execPath, MAIN, "scaffold", "-f", "ghcr.io/foo/hello"];
  const script = `set -o pipefail; "$@" ${output}`;
  try {
    return { code: 0, stderr: (await promisify(execFile)("bash", ["-c", script, "bash", ...words])).stderr };
  } catch (error) {
    return error as { code: unknown; stderr: string };
  }
}

/** Whose user signs in by a script of the shell. */
function kubeconfigOf(script: string): object {
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: ["-c", script] };
  return {
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "u", user: { exec } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
}

/** The command line's programs, each as a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { eventually } from "./kubectl.ts";

const CLI = join(import.meta.dirname, "../../cli");
const DEADLINE_MS = 150_000;
const SOON_MS = 20_000;

export interface KubeRun {
  /** Exit code; 1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubeProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has written to the two so far. */
  readonly output: () => string;
  readonly ended: () => Promise<KubeRun>;
}

/** Starts `kube` with a kubeconfig, in a folder without a spin.toml unless told. Its input stays open. */
export function startKube(
  kubeconfig: string,
  args: readonly string[],
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): KubeProcess {
  return startProgram("main.ts", { KUBECONFIG: kubeconfig, ...env }, args, cwd);
}

/** The same of `kubectl shim`. */
export function startKubectlShim(kubeconfig: string, args: readonly string[]): KubeProcess {
  return startProgram("shims/main.ts", { KUBECONFIG: kubeconfig }, args);
}

function startProgram(
  main: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  cwd = import.meta.dirname,
): KubeProcess {
  const options = { cwd, env, timeout: DEADLINE_MS, killSignal: "SIGKILL" } as const;
  const child = spawn(process.execPath, [join(CLI, main), ...args], options);
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (written[name] += text));
  }
  child.stdin.on("error", () => undefined); // It may end before it has read all.
  const closing = once(child, "close") as Promise<[number | null]>;
  return {
    child,
    output: () => written.stdout + written.stderr,
    async ended() {
      const [code] = await closing;
      return { code: code ?? 1, ...written };
    },
  };
}

/** Runs it to its end. */
export async function runKube(kubeconfig: string, args: readonly string[], cwd?: string): Promise<KubeRun> {
  const { child, ended } = startKube(kubeconfig, args, cwd);
  child.stdin.end();
  return ended();
}

/** The same of `kubectl shim`. */
export async function runKubectlShim(kubeconfig: string, args: readonly string[]): Promise<KubeRun> {
  const { child, ended } = startKubectlShim(kubeconfig, args);
  child.stdin.end();
  return ended();
}

/** Waits until it has written this. */
export async function awaitOutput(program: KubeProcess, part: string): Promise<void> {
  await eventually(`the output "${part}"`, SOON_MS, async () =>
    Promise.resolve(program.output().includes(part) ? true : undefined),
  );
}

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { CONTAINERD_SOCKET } from "../cri/cri-connection.ts";
import { InstallError } from "../errors.ts";
import type { CommandResult, HostLinks } from "./links.ts";

/** A host on which nothing runs yet, such as a node image that is being built: only files and plain commands. */
export function createDirectLinks(): HostLinks {
  return {
    cri: {
      socket: CONTAINERD_SOCKET,
      facts: async () => refuse(),
      sandboxes: async () => [],
      runningContainers: async () => [],
      probe: async () => refuse(),
      removeProbes: async () => undefined,
    },
    unit: async () => ({
      name: "containerd.service",
      active: false,
      executable: "containerd",
      configPath: "/etc/containerd/config.toml",
    }),
    run: runDirectly,
    restart: async () => refuse(),
    arm: async () => refuse(),
    disarm: async () => "absent",
    scriptEnd: async () => undefined,
    detach: async (_unit, [program = "", ...args]) => {
      const child = spawn(program, args, { detached: true, stdio: "ignore" });
      await once(child, "spawn");
      child.unref();
    },
    close: () => undefined,
  };
}

async function runDirectly(argv: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<CommandResult> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: timeoutMs, signal, maxBuffer: 8 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null || typeof error.code === "number") {
        resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
      } else {
        reject(
          new InstallError("ContainerdUnavailable", `Cannot run "${program}": ${error.message}`, { cause: error }),
        );
      }
    });
  });
}

function refuse(): never {
  throw new InstallError("InternalError", "Nothing runs on this host: it is prepared with --no-restart");
}

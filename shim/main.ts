import { writeSync } from "node:fs";
import { messageOf } from "@rcm/lib/errors";
import { parseFlags } from "./flags.ts";
import type { Flags } from "./flags.ts";

void main();

async function main(): Promise<void> {
  const [command, ...rest] = process.argv.slice(2);
  const { exitNow } = await import("./linux/exit-now.ts");
  if (command === "executor") {
    const code = await executor(rest);
    const { flushed } = await import("./linux/flushed.ts");
    await flushed(process.stdout, process.stderr);
    exitNow(code);
  }
  try {
    await run(parseFlags(process.argv.slice(2)), workingFolder());
    exitNow(0);
  } catch (error) {
    // containerd shows this as the reason why the pod cannot start.
    writeLine(messageOf(error));
    exitNow(1);
  }
}

/** To standard error. */
function writeLine(line: string): void {
  writeSync(2, `${line}\n`);
}

/** The bundle: containerd starts the shim there. At `delete` it may be gone. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "/nonexistent";
  }
}

/** Each command loads only what it needs: the time to start counts. */
async function run(flags: Flags, bundle: string): Promise<void> {
  switch (flags.action) {
    case "start":
      return startShim(flags, bundle);
    case "delete": {
      const { deleteLeftovers } = await import("./delete/delete.ts");
      writeSync(1, await deleteLeftovers(flags, flags.bundle === "" ? bundle : flags.bundle, writeLine));
      return;
    }
    case "info":
    case "version": {
      const { describe } = await import("./describe.ts");
      writeSync(1, describe(flags.action));
    }
  }
}

/** The program of a container that has a Wasm component; with arguments, the same by hand. */
async function executor(args: readonly string[]): Promise<number> {
  const { executorProgram } = await import("./executor/pod/executor-program.ts");
  return executorProgram(args, process);
}

/** Names the shim of the container's group, or becomes it. */
async function startShim(flags: Flags, bundle: string): Promise<void> {
  const { containerdMajor, detach, LAUNCHER_FD, makeExpendable, openFilesLimit, parentOf, start, startReply } =
    await import("./start/index.ts");
  const { [LAUNCHER_FD]: launcherFd, ...env } = process.env;
  const containerd = launcherFd === undefined ? process.ppid : parentOf(process.ppid);
  const { address, path, listener } = await start(flags, bundle);
  const reply = startReply(address, await containerdMajor(containerd));
  if (listener === undefined) {
    writeSync(1, reply);
    return;
  }
  makeExpendable(containerd);
  // The launcher has the limit that containerd gives; Node has raised its own.
  const openFiles = launcherFd === undefined ? undefined : openFilesLimit(process.ppid);
  detach(reply, launcherFd);
  // Whoever connects waits in the kernel meanwhile.
  const { serve } = await import("./start/serve.ts");
  await serve({ flags, listener, path, env, bundle, openFiles });
}

import { writeSync } from "node:fs";
import { isSea } from "node:sea";
import { messageOf } from "@rcm/lib/errors";
import { parseFlags } from "./flags.ts";
import type { Flags } from "./flags.ts";

void main();

async function main(): Promise<void> {
  try {
    await run(parseFlags(process.argv.slice(2)), process.cwd());
    process.exit(0);
  } catch (error) {
    // containerd shows this as the reason why the pod cannot start.
    writeSync(2, `${messageOf(error)}\n`);
    process.exit(1);
  }
}

/** Each command loads only what it needs: the time to start counts. */
async function run(flags: Flags, folder: string): Promise<void> {
  switch (flags.action) {
    case "start": {
      const { start } = await import("./start/start.ts");
      writeSync(1, await start({ flags, program: thisProgram(), env: process.env, folder }));
      return;
    }
    case "serve": {
      const { serve } = await import("./start/serve.ts");
      await serve({ flags, env: process.env, folder });
      return;
    }
    case "delete": {
      const { deleteLeftovers } = await import("./delete/delete.ts");
      writeSync(1, await deleteLeftovers(flags, folder));
      return;
    }
    case "info":
    case "version": {
      const { describe } = await import("./describe.ts");
      writeSync(1, describe(flags.action));
    }
  }
}

/** How to run this program again: the one file that it is built into, or Node and this script. */
function thisProgram(): readonly string[] {
  const [node = "", script = ""] = process.argv;
  return isSea() ? [process.execPath] : [node, ...process.execArgv, script];
}

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withRoom } from "./go-memory.ts";
import { goEnv } from "./go-module.ts";
import { cacheFolder } from "./guest-cache.ts";
import { preview1Command } from "./preview1-command.ts";
import { runTool } from "./run-tool.ts";

/** The tests of a package of Go's standard library as a command. @returns the path of the component. */
export async function buildGoTest(packageName: string): Promise<string> {
  const folder = cacheFolder(`go-test-${packageName}`);
  const version = await goEnv("GOVERSION");
  const path = join(folder, `${version}.wasm`);
  if (existsSync(path)) return path;
  const core = join(folder, `${version}.core.wasm`);
  const build = ["go", "test", "-c", "-ldflags=-s -w", "-o", core, packageName];
  await runTool("env", ["GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", ...build], folder);
  writeFileSync(`${path}.${process.pid}`, await preview1Command(withRoom(readFileSync(core))));
  renameSync(`${path}.${process.pid}`, path);
  return path;
}

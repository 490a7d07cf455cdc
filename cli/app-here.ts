import { access } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import type { Io } from "./command.ts";
import { CliError } from "./errors.ts";
import { readInput } from "./read-file.ts";

/** Real ones have at most 6. */
const MAX_DEPTH = 32;

/**
 * Name of the application whose `spin.toml` is in the folder that the command runs in; undefined when there is none, or
 * when the environment has `SPIN_KUBE_DISABLE_DIR_CONTEXT=true`.
 *
 * @throws {CliError} `INPUT` when the file cannot be read.
 */
export async function appHere({ cwd, env }: Pick<Io, "cwd" | "env">): Promise<string | undefined> {
  if (env["SPIN_KUBE_DISABLE_DIR_CONTEXT"]?.toLowerCase() === "true") return undefined;
  const path = join(cwd, "spin.toml");
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere ? nameIn(await parseToml(await readInput("the manifest", path), path)) : undefined;
}

async function parseToml(content: Buffer, path: string): Promise<unknown> {
  const { parse } = await import("toml"); // Most commands never need it.
  try {
    return parse(content.toString("utf8"), { maxDepth: MAX_DEPTH });
  } catch (cause) {
    throw new CliError("INPUT", `Cannot read the manifest "${path}": it is no TOML: ${messageOf(cause)}`, { cause });
  }
}

/** Of manifests of version 2: those of version 1 have it elsewhere. */
function nameIn(manifest: unknown): string | undefined {
  const version = fieldOf(manifest, "spin_manifest_version");
  if (Number(version) !== 2) return undefined;
  const name = fieldOf(fieldOf(manifest, "application"), "name");
  return typeof name === "string" && name !== "" ? name : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

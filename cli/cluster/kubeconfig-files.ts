import { readFile } from "node:fs/promises";
import { delimiter, dirname } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { hasCode, messageOf } from "@rcm/lib/errors";
import { CliError } from "../errors.ts";
import type { Environment } from "./surroundings.ts";

/**
 * The kubeconfig that kubectl would use: `file`, or else what the files that KUBECONFIG names are together, or else
 * `~/.kube/config`, or else that of the pod that this runs in. Of several files the first one that has something counts;
 * those that are not there do not.
 *
 * @throws {CliError} `INPUT` when a file cannot be read.
 */
export async function readKubeconfig(file: string | undefined, env: Environment): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import("@kubernetes/client-node");
  if (file !== undefined) return readFileOf(new Config(), file);
  const files = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  if (files.length > 0) {
    const parts = files.map(async (path) => readFileOf(new Config(), path, "if it is there"));
    return together(new Config(), await Promise.all(parts));
  }
  return readable("the kubeconfig", async () => {
    const config = new Config();
    config.loadFromDefault();
    return Promise.resolve(config);
  });
}

async function readFileOf(config: KubeConfig, path: string, when?: "if it is there"): Promise<KubeConfig> {
  return readable(`the kubeconfig "${path}"`, async () => {
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (when === undefined || !hasCode(error, "ENOENT")) throw error;
      return "";
    });
    if (text.trim() === "") return config; // Also /dev/null.
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(path));
    return config;
  });
}

async function readable<T>(which: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new CliError("INPUT", `Cannot read ${which}: ${messageOf(cause)}`, { cause });
  }
}

function together(config: KubeConfig, parts: readonly KubeConfig[]): KubeConfig {
  config.loadFromOptions({
    clusters: firstOfEach(parts.flatMap(({ clusters }) => clusters)),
    users: firstOfEach(parts.flatMap(({ users }) => users)),
    contexts: firstOfEach(parts.flatMap(({ contexts }) => contexts)),
    currentContext: parts.map((part) => part.getCurrentContext()).find((name) => Boolean(name)),
  });
  return config;
}

function firstOfEach<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...new Map(all.toReversed().map((one) => [one.name, one])).values()].toReversed();
}

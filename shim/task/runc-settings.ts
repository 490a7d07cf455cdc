import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeNamed } from "../linux/write-named.ts";

/** Which runc a container was made with. */
export interface RuncSettings {
  readonly binaryName: string;
  /** Folder of runc's state, without the namespace. */
  readonly root: string;
}

/** In the bundle, for the command `delete`, which does not get the options. */
const FILE = "options.json";

export function writeRuncSettings(bundle: string, { binaryName, root }: RuncSettings): void {
  writeNamed(join(bundle, FILE), JSON.stringify({ binaryName, root }));
}

/** What `writeRuncSettings` wrote; undefined if it did not, or the bundle is gone. */
export function readRuncSettings(bundle: string): RuncSettings | undefined {
  let text: string;
  try {
    text = readFileSync(join(bundle, FILE), "utf8");
  } catch {
    return undefined;
  }
  return settingsIn(text);
}

function settingsIn(text: string): RuncSettings | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isSettings(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSettings(value: unknown): value is RuncSettings {
  if (typeof value !== "object" || value === null || !("binaryName" in value) || !("root" in value)) return false;
  return typeof value.binaryName === "string" && typeof value.root === "string";
}

import { join } from "node:path";
import { buildGoProgram, goExecutable, type GoProgram } from "../cluster/go-program.ts";
import { currentSettings } from "../cluster/settings.ts";

const PEER: GoProgram = {
  name: "ttrpc-peer",
  version: "1.2.9",
  source: join(import.meta.dirname, "ttrpc-peer"),
  ldflags: "-s -w",
};

/** A program that speaks containerd's own ttrpc, built once. Returns its path. */
export async function buildPeer(signal: AbortSignal): Promise<string> {
  return goExecutable(await buildGoProgram(PEER, currentSettings().cacheDir, signal), PEER);
}

import { isDeepStrictEqual } from "node:util";
import { basename, join } from "node:path";
import { PLUGIN_IDS } from "./containerd-config/plugin-id.ts";
import { isTable, parseToml, valueAt, without } from "./containerd-config/toml-tree.ts";
import type { TomlTable, TomlValue } from "./containerd-config/toml-tree.ts";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";
import { makeFolder, writeAtomic } from "./host/atomic-file.ts";
import { dumpConfig } from "./inspect.ts";
import type { HostFacts } from "./inspect.ts";
import { foreignChanges } from "./drift.ts";
import { isSameRuntime, runtimeInDump } from "./runtimes.ts";
import type { WantedFile } from "./transaction/change-files.ts";
import type { Change } from "./transaction/transact.ts";
import { scratchFolder } from "./transaction/journal.ts";

const OWNER = { mode: 0o600, uid: 0, gid: 0 } as const;

/**
 * Refuses a change that would do more than it should: containerd itself reads the candidate, and what it makes of it
 * may differ from what it makes of the present files in our handler only. And a restart may put in force only what we
 * changed: an edit that somebody made and did not put in force yet is theirs to decide about.
 *
 * @throws {InstallError} `ConfigInvalid`, `ConfigGate`, `ConfigDrift`.
 */
export async function checkChange(context: Context, facts: HostFacts, change: Change, signal: AbortSignal): Promise<void> {
  const { handler } = change.expected;
  if (facts.running !== undefined) refuseDrift(facts.running.configJson, facts.dump, handler);
  if (change.files.length === 0) return;
  const after = parseToml(await dumpCandidate(context, facts, change.files, signal), "the candidate");
  const before = parseToml(facts.dump, "the present configuration");
  const paths = differences(essence(before, handler), essence(after, handler));
  if (paths.length > 0) {
    throw new InstallError(
      "ConfigGate",
      `The edit would change more of containerd's configuration than handler "${handler}": ${paths.slice(0, 5).join(", ")}: nothing was changed; please report this configuration`,
    );
  }
  if (isSameRuntime(runtimeInDump(after, handler), change.expected.runtime)) return;
  throw new InstallError("ConfigGate", `The edit would not give containerd the handler "${handler}" as wanted: nothing was changed; please report this configuration`);
}

function refuseDrift(runningJson: string, dump: string, handler: string): void {
  const changes = foreignChanges(runningJson, dump, handler);
  if (changes.length === 0) return;
  throw new InstallError(
    "ConfigDrift",
    `Containerd's configuration was changed since it started (${changes.slice(0, 3).join("; ")}), and the restart would put that in force: restart containerd yourself, or take the change back`,
  );
}

async function dumpCandidate(context: Context, facts: HostFacts, files: readonly WantedFile[], signal: AbortSignal): Promise<string> {
  const folder = join(scratchFolder(context.store.root), "candidate");
  const dropIns = join(folder, "conf.d");
  const path = join(folder, basename(facts.configPath));
  await makeFolder(dropIns);
  const wanted = new Map(files.map(({ path: name, content }) => [name, content]));
  const main = wanted.has(facts.configPath) ? wanted.get(facts.configPath) : facts.mainText;
  const present = facts.dropIns.map((file): [string, string | undefined] => [file.path, file.text]);
  const changed = [...wanted].filter(([name]) => name !== facts.configPath);
  for (const [name, content] of new Map([...present, ...changed])) {
    if (content !== undefined) await writeAtomic(join(dropIns, basename(name)), Buffer.from(content), OWNER);
  }
  if (main === undefined) return dumpConfig(context, facts.unit, undefined, signal);
  await writeAtomic(path, Buffer.from(main.replaceAll(`${facts.dropInFolder}/`, `${dropIns}/`)), OWNER);
  return dumpConfig(context, facts.unit, path, signal);
}

/** What must stay as it is. The list of files that were read is no setting. */
function essence(dump: TomlTable, handler: string): TomlTable {
  const rest = without(without(dump, ["imports"]), ["version"]);
  return PLUGIN_IDS.reduce((tree, id) => without(tree, ["plugins", id, "containerd", "runtimes", handler]), rest);
}

function differences(before: TomlValue | undefined, after: TomlValue | undefined, path: readonly string[] = []): string[] {
  if (isTable(before) && isTable(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(valueAt(before, [key]), valueAt(after, [key]), [...path, key]));
  }
  return isDeepStrictEqual(before, after) ? [] : [path.join(".")];
}

import { rm, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { effectiveDifference, hasHandler, replaceImports, runningDifference } from "./containerd-config/index.ts";
import type { ConfigFile } from "./containerd-config/index.ts";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";
import { makeFolder, writeAtomic } from "./host/atomic-file.ts";
import { dumpConfig } from "./inspect.ts";
import type { HostFacts } from "./inspect.ts";
import { refuseFolders, refuseOwners } from "./pod-reach.ts";
import type { WantedFile } from "./transaction/change-files.ts";
import type { Change } from "./transaction/transact.ts";

const OWNER = { mode: 0o600, uid: 0, gid: 0 } as const;

/**
 * Refuses a change that would do more than it should: containerd itself reads the candidate, and what it makes of it
 * may differ from what it makes of the present files in our handler only. And a restart may put in force only what we
 * changed: an edit that somebody made and did not put in force yet is theirs to decide about.
 *
 * @throws {InstallError} `ConfigInvalid`, `ConfigGate`, `ConfigDrift`, `ConfigUnsupported`.
 */
export async function checkChange(
  context: Context,
  facts: HostFacts,
  change: Change,
  signal: AbortSignal,
): Promise<void> {
  refuseDrift(facts, change.expected.handler);
  if (change.files.length === 0) return;
  await refuseFolders(change.files);
  await refuseOwners(context, change.files);
  const after = await dumpCandidate(context, facts, change.files, signal);
  const { handler, runtime } = change.expected;
  const ownImports = [...entriesOf(facts.dump), ...entriesOf(after)];
  const difference = effectiveDifference({ before: facts.dump, after, handler, ownImports });
  if (difference.foreign.length > 0) {
    throw gate(`The edit would change more than handler "${handler}": ${difference.foreign.slice(0, 5).join(", ")}`);
  }
  const isThere =
    runtime === undefined ? difference.handler !== undefined : !hasHandler(after, { name: handler, ...runtime });
  if (isThere) throw gate(`The edit would not give containerd what is wanted of handler "${handler}"`);
}

function gate(what: string): InstallError {
  return new InstallError("ConfigGate", `${what}: nothing was changed; please report this configuration of containerd`);
}

function refuseDrift({ running, dump, record }: HostFacts, handler: string): void {
  if (running === undefined) return;
  const ownHandlers = [handler, ...Object.values(record.shims).map((shim) => shim.handler)];
  const changes = runningDifference({ configJson: running.configJson, dump, ownHandlers });
  if (changes.length === 0) return;
  const list = changes
    .slice(0, 3)
    .map(({ path, running: now, onDisk }) => `${path} is ${show(now)} and would be ${show(onDisk)}`);
  throw new InstallError(
    "ConfigDrift",
    `Containerd's configuration was changed since it started (${list.join("; ")}), and a restart would put that in force: restart containerd yourself, or take the change back`,
  );
}

function show(value: unknown): string {
  return value === undefined
    ? "unset"
    : JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? Number(part) : part));
}

/** The list of files that were read is no setting; that of a candidate names other files. */
function entriesOf(dump: string): readonly string[] {
  const line = /^imports = \[(.*)\]$/m.exec(dump)?.[1] ?? "";
  return [...line.matchAll(/["']([^"']*)["']/g)].map(([, path = ""]) => path);
}

/** What containerd would make of the changed files, which lie in a folder of their own until they are found good. */
async function dumpCandidate(
  context: Context,
  facts: HostFacts,
  files: readonly WantedFile[],
  signal: AbortSignal,
): Promise<string> {
  const wanted = new Map(files.map(({ path, content }) => [path, content]));
  const main = wanted.has(facts.configPath) ? wanted.get(facts.configPath) : facts.mainText;
  if (main === undefined) return dumpConfig(context, facts.unit, undefined, signal);
  const folder = join(context.scratch, "candidate");
  await makeFolder(folder);
  try {
    const imported = candidateImports(facts, wanted);
    const paths = await Promise.all(
      imported.map(async (file, at) => place(folder, `${at}-${basename(file.path)}`, file.text)),
    );
    const text = replaceImports({ path: facts.configPath, text: main }, [...facts.importsElsewhere, ...paths]);
    return await dumpConfig(context, facts.unit, await place(folder, "config.toml", text), signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rmdir(context.scratch).catch(() => undefined); // Something else may be in it.
  }
}

/** The files that the candidate imports: those of now without what goes, and what comes. */
function candidateImports(facts: HostFacts, wanted: ReadonlyMap<string, string | undefined>): readonly ConfigFile[] {
  const kept = facts.imported.filter(({ path }) => !wanted.has(path));
  const changed = [...wanted].flatMap(([path, text]) =>
    path === facts.configPath || text === undefined ? [] : [{ path, text }],
  );
  return [...kept, ...changed];
}

async function place(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeAtomic(path, Buffer.from(text), OWNER);
  return path;
}

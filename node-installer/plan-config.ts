import { join } from "node:path";
import { configVersion, mergesPlugins, newestConfigVersion, parseContainerdVersion } from "./containerd-config/config-version.ts";
import type { ContainerdVersion } from "./containerd-config/config-version.ts";
import { PLUGIN_IDS, pluginIdFor } from "./containerd-config/plugin-id.ts";
import { runtimeTable } from "./containerd-config/runtime-table.ts";
import type { Handler } from "./containerd-config/runtime-table.ts";
import { parseToml, valueAt } from "./containerd-config/toml-tree.ts";
import type { TomlTable } from "./containerd-config/toml-tree.ts";
import { addBlock, hasBlock, removeBlock } from "./config-block.ts";
import { addImport, hasImport, removeImport } from "./config-imports.ts";
import { InstallError } from "./errors.ts";
import type { FileFacts } from "./inspect.ts";
import type { WantedFile } from "./transaction/change-files.ts";

const HEADER = "# Written by the runtime-class manager; removed with the Shim that it belongs to.\n";

/** Files that must change so that containerd knows the handler; none if they are as they should be. Pure. */
export function planHandler(facts: FileFacts, handler: Handler): readonly WantedFile[] {
  const containerd = supported(facts);
  const main = parsedMain(facts);
  refuseForeign(facts, handler.name);
  const declared = facts.mainText === undefined ? newestConfigVersion(containerd) : configVersion(facts.mainText, facts.configPath);
  const trees = [main, ...facts.dropIns.map(({ path, text }) => parseToml(text, path))];
  const table = runtimeTable(handler, pluginIdFor(declared, trees, containerd));
  const files = mergesPlugins(containerd) ? dropInFiles(facts, handler.name, table, declared) : [mainFile(facts, handler.name, table)];
  return files.filter((file) => differs(facts, file));
}

/** Files that must change so that containerd does not know the handler any more. Pure. */
export function planNoHandler(facts: FileFacts, handler: string): readonly WantedFile[] {
  const dropIn = dropInPath(facts, handler);
  const others = facts.dropIns.filter(({ path }) => path !== dropIn && isOurDropIn(facts, path));
  const text = facts.mainText;
  const main: WantedFile[] = [];
  if (text !== undefined) {
    const left = others.length > 0 ? removeBlock(text, handler) : removeImport(removeBlock(text, handler), glob(facts));
    main.push({ path: facts.configPath, content: others.length === 0 && text === minimalMain(facts) ? undefined : left });
  }
  return [...main, { path: dropIn, content: undefined }].filter((file) => differs(facts, file));
}

function differs({ configPath, mainText, dropIns }: FileFacts, { path, content }: WantedFile): boolean {
  const present = path === configPath ? mainText : dropIns.find((file) => file.path === path)?.text;
  return present !== content;
}

function supported(facts: FileFacts): ContainerdVersion {
  const version = parseContainerdVersion(facts.version);
  if (version.major === 1 && version.minor < 6) {
    throw new InstallError("ConfigUnsupported", `Containerd ${facts.version} is too old: 1.6 or later is needed`);
  }
  if (facts.mainText !== undefined || mergesPlugins(version)) return version;
  throw new InstallError(
    "ConfigMissing",
    `There is no "${facts.configPath}", and containerd ${facts.version} would lose its default runtime if only ours were written: make it with "containerd config default > ${facts.configPath}" and restart containerd`,
  );
}

function parsedMain({ mainText = "", configPath }: FileFacts): TomlTable {
  const tree = parseToml(mainText, configPath);
  const disabled = valueAt(tree, ["disabled_plugins"]);
  const off = Array.isArray(disabled) ? (disabled as readonly unknown[]).map(String) : [];
  if (!off.some((name) => name === "cri" || name.startsWith("io.containerd.grpc.v1.cri") || name.startsWith("io.containerd.cri."))) return tree;
  throw new InstallError(
    "ConfigUnsupported",
    `"${configPath}" switches containerd's CRI plug-in off (disabled_plugins), so this is not the containerd that the kubelet uses: remove "cri" there, or exclude the node`,
  );
}

/** A runtime of this name that somebody else defined is never taken over. */
function refuseForeign(facts: FileFacts, handler: string): void {
  const { mainText = "", configPath, dropIns } = facts;
  const own = dropInPath(facts, handler);
  const files = [
    { path: configPath, text: hasBlock(mainText, handler) ? removeBlock(mainText, handler) : mainText },
    ...dropIns.filter(({ path }) => path !== own),
  ];
  for (const { path, text } of files) {
    const tree = parseToml(text, path);
    if (PLUGIN_IDS.some((id) => valueAt(tree, ["plugins", id, "containerd", "runtimes", handler]) !== undefined)) {
      throw new InstallError(
        "HandlerConflict",
        `"${path}" has a runtime "${handler}" already that the runtime-class manager did not write: remove it there, or use another runtimeClass.handler`,
      );
    }
  }
}

function mainFile({ configPath, mainText = "" }: FileFacts, handler: string, table: readonly string[]): WantedFile {
  return { path: configPath, content: addBlock(removeBlock(mainText, handler), handler, table) };
}

function dropInFiles(facts: FileFacts, handler: string, table: readonly string[], declared: number | undefined): readonly WantedFile[] {
  const { mainText, configPath } = facts;
  const version = declared === undefined ? "" : `version = ${declared}\n`;
  const content = `${HEADER}${version}${table.join("\n")}\n`;
  const main = mainText === undefined ? minimalMain(facts) : hasImport(mainText, configPath, facts.dropInFolder) ? mainText : addImport(mainText, glob(facts));
  return [
    { path: dropInPath(facts, handler), content },
    { path: configPath, content: main },
  ];
}

/** The drop-in comes first: a main file that imports a folder without it is harmless, but so it is never seen. */
function minimalMain(facts: FileFacts): string {
  const version = newestConfigVersion(parseContainerdVersion(facts.version));
  return `${HEADER}version = ${version}\nimports = ["${glob(facts)}"]\n`;
}

function glob({ dropInFolder }: FileFacts): string {
  return join(dropInFolder, "*.toml");
}

const PREFIX = "50-rcm-";

export function dropInPath({ dropInFolder }: FileFacts, handler: string): string {
  return join(dropInFolder, `${PREFIX}${handler}.toml`);
}

function isOurDropIn({ dropInFolder }: FileFacts, path: string): boolean {
  return path.startsWith(join(dropInFolder, PREFIX));
}

import {
  dropInPath,
  editMain,
  handlerOfDropIn,
  chooseStrategy,
  planDropIn,
  planDropInRemoval,
  removeFromMain,
} from "./containerd-config/index.ts";
import type { ConfigFile, Handler, Strategy } from "./containerd-config/index.ts";
import { InstallError } from "./errors.ts";
import type { FileFacts } from "./inspect.ts";
import type { WantedFile } from "./transaction/change-files.ts";

/**
 * Files that must change so that containerd knows the handler; none if they are as they should be.
 *
 * @param dump `containerd config dump` of the files as they are; undefined in a first look, which then does not see
 *   runtimes that only containerd's defaults have.
 * @throws {InstallError} when the configuration cannot be edited safely.
 */
export function planHandler(facts: FileFacts, handler: Handler, dump: string | undefined): readonly WantedFile[] {
  const strategy = strategyFor(facts);
  return strategy.kind === "edit-main" ? inMain(facts, handler, strategy, dump) : asDropIn(facts, handler, strategy);
}

type Chosen = Exclude<Strategy, { readonly kind: "refused" }>;

function strategyFor(facts: FileFacts): Chosen {
  const strategy = chooseStrategy({
    containerdVersion: facts.version,
    mainPath: facts.configPath,
    mainText: facts.mainText,
    imported: facts.imported,
  });
  if (strategy.kind !== "refused") return strategy;
  throw new InstallError(strategy.code, strategy.message);
}

function inMain(
  facts: FileFacts,
  handler: Handler,
  { pluginId }: Chosen,
  effectiveDump: string | undefined,
): readonly WantedFile[] {
  const file = { path: facts.configPath, text: facts.mainText ?? "" };
  const { text, changed } = editMain({ file, pluginId, handler, effectiveDump });
  return changed ? [{ path: file.path, madeFrom: facts.mainText, content: text }] : [];
}

function asDropIn(facts: FileFacts, handler: Handler, { containerd }: Chosen): readonly WantedFile[] {
  const { configPath: mainPath, mainText, dropInFolder: dropInDir, imported } = facts;
  const existing = dropInAt(facts, dropInPath(dropInDir, handler.name))?.text;
  const plan = planDropIn({ mainPath, mainText, dropInDir, imported, containerd, handler, existing });
  // The drop-in first: a pattern that matches nothing is harmless, and so is a file that nothing imports yet.
  return [
    ...(plan.dropIn.changed ? [{ path: plan.dropIn.path, madeFrom: existing, content: plan.dropIn.text }] : []),
    ...(plan.main.changed ? [{ path: mainPath, madeFrom: mainText, content: plan.main.text }] : []),
  ];
}

/** Files that must change so that containerd does not know the handler any more. What is not ours stays. */
export function planNoHandler(facts: FileFacts, handler: string): readonly WantedFile[] {
  const dropIn = withoutDropIn(facts, handler);
  // Where both change the main file, the removal of the drop-in knows of the block in it too.
  return dropIn.some(({ path }) => path === facts.configPath) ? dropIn : [...outOfMain(facts, handler), ...dropIn];
}

function outOfMain({ configPath: path, mainText }: FileFacts, handler: string): readonly WantedFile[] {
  if (mainText === undefined) return [];
  const { text, changed } = removeFromMain({ path, text: mainText }, handler);
  return changed ? [{ path, madeFrom: mainText, content: text }] : [];
}

function withoutDropIn(facts: FileFacts, handler: string): readonly WantedFile[] {
  const { configPath: mainPath, mainText, dropInFolder: dropInDir, dropIns } = facts;
  const own = dropInAt(facts, dropInPath(dropInDir, handler));
  if (own === undefined || handlerOfDropIn(own) === undefined) return [];
  const remaining = dropIns
    .map(handlerOfDropIn)
    .filter((name): name is string => name !== undefined && name !== handler);
  const { path, main } = planDropInRemoval({ mainPath, mainText, dropInDir, handler, remaining });
  // The main file first: it must never import by a pattern of ours what is not ours any more.
  const changedMain = main.changed ? [{ path: mainPath, madeFrom: mainText, content: main.text }] : [];
  return [...changedMain, { path, madeFrom: own.text, content: undefined }];
}

function dropInAt({ dropIns }: FileFacts, path: string): ConfigFile | undefined {
  return dropIns.find((file) => file.path === path);
}

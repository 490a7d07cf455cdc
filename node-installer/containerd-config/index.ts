/** Reads and edits containerd's configuration: text in, text out, nothing else is touched. */
export { dropInPath, dropInPattern, handlerOfDropIn, planDropIn, planDropInRemoval } from "./drop-in.ts";
export { editMain, removeFromMain } from "./edit-main.ts";
export { effectiveDifference, hasHandler } from "./effective-difference.ts";
export type { ConfigFile } from "./handler-site.ts";
export { importPatterns, replaceImports } from "./imports.ts";
export { runningDifference } from "./running-difference.ts";
export { parseOptions } from "./runtime-options.ts";
export type { Handler } from "./runtime-table.ts";
export { chooseStrategy } from "./strategy.ts";
export type { Strategy } from "./strategy.ts";

const LOWERDIR = "lowerdir=";

/** Options of an overlay mount that hold when the working folder is `folder`. */
export interface RelativeOptions {
  readonly folder: string;
  readonly options: readonly string[];
}

/**
 * Takes what all lower folders of an overlay have in common out of their paths, since the kernel takes only a page of
 * options. Undefined when there is nothing to take out: no lower folder, or nothing in common but the root.
 */
export function shortenLowerDirs(options: readonly string[]): RelativeOptions | undefined {
  const lower = options.find((option) => option.startsWith(LOWERDIR));
  // A backslash hides a colon that belongs to a path: such paths stay as they are.
  if (lower === undefined || lower.includes("\\")) return undefined;
  const paths = lower.slice(LOWERDIR.length).split(":");
  const folder = commonFolder(paths);
  if (folder === undefined) return undefined;
  const relative = `${LOWERDIR}${paths.map((path) => path.slice(folder.length + 1)).join(":")}`;
  return { folder, options: options.map((option) => (option === lower ? relative : option)) };
}

function commonFolder(paths: readonly string[]): string | undefined {
  const split = paths.map((path) => path.split("/"));
  const [head = []] = split;
  const depth = head.findIndex((part, at) => split.some((parts) => parts[at] !== part || at === parts.length - 1));
  return depth < 2 ? undefined : head.slice(0, depth).join("/");
}

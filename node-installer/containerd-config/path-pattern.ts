/**
 * Whether a pattern of `imports` covers a file, by the rules of Go's filepath.Match: `*` and `?` stop at slashes,
 * `[a-z]` and `[^a-z]` are classes, a backslash takes the next character as it is.
 *
 * @see {@link https://pkg.go.dev/path/filepath#Match}
 * @param mainPath Absolute path of the file that has the `imports`; relative patterns start at its folder.
 */
export function patternCovers(pattern: string, path: string, mainPath: string): boolean {
  const absolute = pattern.startsWith("/") ? pattern : `${mainPath.slice(0, mainPath.lastIndexOf("/"))}/${pattern}`;
  const source = normalised(absolute).replaceAll(/\\.|\[\^?(?:\\.|[^\]\\])+\]|[\s\S]/g, partSource);
  try {
    return new RegExp(`^${source}$`, "su").test(normalised(path));
  } catch {
    return false; // A class with its ends swapped: Go calls it a bad pattern.
  }
}

function partSource(part: string): string {
  if (part === "*") return "[^/]*";
  if (part === "?") return "[^/]";
  if (part.length > 2 && part.startsWith("[")) return `(?!/)[${part.slice(1, -1).replaceAll("[", String.raw`\[`)}]`;
  const literal = part.startsWith("\\") && part.length === 2 ? part.slice(1) : part;
  return literal.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

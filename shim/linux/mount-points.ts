/** A mount of this process. */
export interface Mount {
  readonly point: string;
  /** Whether this mount may only be read, whatever is mounted. */
  readonly isReadOnly: boolean;
}

/** All mounts that /proc/PID/mountinfo lists: the oldest first. */
export function parseMounts(mountInfo: string): readonly Mount[] {
  return mountInfo
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, , , , point = "", options = ""] = line.split(" ", 6);
      return { point: unescape(point), isReadOnly: options.split(",").includes("ro") };
    });
}

/** The mount points at or below `path`, in the order in which /proc/PID/mountinfo lists them: the oldest first. */
export function mountPointsBelow(mountInfo: string, path: string): readonly string[] {
  return parseMounts(mountInfo)
    .map(({ point }) => point)
    .filter((point) => point === path || point.startsWith(path === "/" ? "/" : `${path}/`));
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescape(field: string): string {
  return field.includes("\\")
    ? field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
    : field;
}

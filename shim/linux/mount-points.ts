/** The field of /proc/PID/mountinfo that holds the mount point. */
const MOUNT_POINT = 4;

/** The mount points at or below `path`, in the order in which /proc/PID/mountinfo lists them: the oldest first. */
export function mountPointsBelow(mountInfo: string, path: string): readonly string[] {
  return mountInfo
    .split("\n")
    .map((line) => unescape(line.split(" ", MOUNT_POINT + 1)[MOUNT_POINT] ?? ""))
    .filter((point) => point === path || point.startsWith(path === "/" ? "/" : `${path}/`));
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescape(field: string): string {
  return field.includes("\\")
    ? field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
    : field;
}

import { readFile } from "node:fs/promises";
import type { Pod } from "./pods.ts";

/**
 * What CRI has written into a container's log, without the times: lines "stdout F text", where P instead of F means
 * that the line goes on.
 */
export async function readLog(pod: Pod, name: string, attempt = 0): Promise<string> {
  const text = await readFile(pod.logFile(name, attempt), "utf8");
  return text.replaceAll(/^\S+ /gm, "");
}

/** The bytes of one stream as the container wrote them, up to the end of its last whole line. */
export function outputIn(log: string, stream: "stdout" | "stderr"): string {
  return log
    .split("\n")
    .map((line) => /^(?<stream>\w+) (?<tag>[FP]) (?<text>.*)$/s.exec(line)?.groups)
    .filter((groups) => groups?.["stream"] === stream)
    .map((groups) => `${groups?.["text"] ?? ""}${groups?.["tag"] === "F" ? "\n" : ""}`)
    .join("");
}

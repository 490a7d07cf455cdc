import { readFileSync } from "node:fs";
import { TtrpcError } from "../ttrpc/status.ts";

/**
 * Reads what runc wrote into a `--pid-file`.
 *
 * @throws {TtrpcError} `INTERNAL` if it is no pid.
 */
export function readPidFile(path: string): number {
  const text = readFileSync(path, "utf8").trim();
  const pid = Number(text);
  if (Number.isInteger(pid) && pid > 0) return pid;
  throw new TtrpcError("INTERNAL", `Cannot read "${path}": "${text.slice(0, 40)}" is no process`);
}

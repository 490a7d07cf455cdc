import { basename } from "node:path";
import type { PreparedPaths } from "../commands/load-component.ts";

/** By the components' digests. @param text of `PREPARED_VARIABLE`. */
export function preparedPaths(text = ""): PreparedPaths {
  const paths = text.split(":").filter((path) => path !== "");
  return new Map(paths.map((path) => [`sha256:${basename(path)}`, path]));
}

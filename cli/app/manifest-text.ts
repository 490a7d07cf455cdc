import { yamlOf } from "../output/yaml.ts";
import type { Manifest } from "./manifest.ts";

/** As upstream's plug-in prints them. */
const STYLE = { quoted: new Set(["image"]), indented: new Set(["imagePullSecrets"]) };

/** YAML documents, as `kubectl apply -f` takes them. */
export function manifestText(objects: readonly Manifest[]): string {
  return objects.map((object) => yamlOf(object, STYLE)).join("---\n");
}

import type { PartialObject } from "@rcm/lib/kube";
import { appNameLabel, type SpinId } from "./app-id.ts";
import { ownerOf } from "./owner.ts";
import { CONFIG_FILE } from "./references.ts";
import type { SpinAppObject } from "./spinapp-object.ts";

/** The Secret with a SpinApp's runtime configuration. */
export function configSecretFor(
  id: SpinId,
  app: SpinAppObject,
  { name, toml }: { readonly name: string; readonly toml: string },
): PartialObject {
  return {
    metadata: {
      name,
      namespace: id.namespace,
      labels: { [appNameLabel(id.group)]: id.name },
      ownerReferences: [ownerOf(id, app)],
    },
    type: "Opaque",
    data: { [CONFIG_FILE]: Buffer.from(toml).toString("base64") },
  };
}

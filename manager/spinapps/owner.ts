import { SPIN_VERSION } from "@rcm/crds";
import type { SpinId } from "./app-id.ts";
import type { SpinAppObject } from "./spinapp-object.ts";

interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
  readonly blockOwnerDeletion: true;
}

/** Makes an object go when its SpinApp goes. */
export function ownerOf({ group, name }: SpinId, { metadata }: SpinAppObject): Owner {
  const apiVersion = `${group}/${SPIN_VERSION}`;
  const uid = metadata.uid ?? "";
  return { apiVersion, kind: "SpinApp", name, uid, controller: true, blockOwnerDeletion: true };
}

import { SPIN_VERSION } from "@rcm/crds";
import type { Occurrence } from "../runtime/event.ts";
import type { SpinId } from "./app-id.ts";
import type { SpinAppObject, SpinAppStatusJson } from "./spinapp-object.ts";

/** A rollout takes its time, which is no news. */
const QUIET: ReadonlySet<string> = new Set(["Progressing"]);

/** The event for a new status; undefined when it says nothing that the last one did not. */
export function announcementOf(id: SpinId, app: SpinAppObject, status: SpinAppStatusJson): Occurrence | undefined {
  const ready = readyOf(status);
  if (ready?.status !== "False" || QUIET.has(ready.reason)) return undefined;
  const before = readyOf(app.status);
  if (before?.reason === ready.reason && essenceOf(before.message) === essenceOf(ready.message)) return undefined;
  const regarding = { apiVersion: `${id.group}/${SPIN_VERSION}`, kind: "SpinApp", name: id.name };
  return {
    regarding: { ...regarding, namespace: id.namespace, uid: app.metadata.uid },
    type: "Warning",
    reason: ready.reason,
    action: "Reconcile",
    note: ready.message,
  };
}

type Ready = NonNullable<SpinAppStatusJson["conditions"]>[number];

function readyOf(status: SpinAppStatusJson | undefined): Ready | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready");
}

/** Without the numbers of pods, which come and go. */
function essenceOf(message: string): string {
  return message.replace(/ ?\(?\d+ of \d+ pods are available.*$/, "");
}

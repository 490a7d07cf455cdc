import type { SpinAppObject } from "./kinds.ts";

export interface Readiness {
  readonly isReady: boolean;
  /** For people: the condition's reason and message. */
  readonly text: string;
}

const SILENT = "its operator has said nothing yet: see that it runs";
const LATE = "its operator has not seen the last change yet: see that it runs";

/** What the condition Ready says about the present spec. */
export function readinessOf({ metadata, status }: SpinAppObject): Readiness {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (ready === undefined) return { isReady: false, text: SILENT };
  const generation = metadata?.generation ?? 0;
  if ((ready.observedGeneration ?? generation) < generation) return { isReady: false, text: LATE };
  const { reason, message } = ready;
  return { isReady: ready.status === "True", text: message === "" ? reason : `${reason}: ${message}` };
}

/** `2/3`: pods that are ready, and pods that are wanted by the application or its autoscaler. */
export function readyCount({ spec, status }: SpinAppObject): string {
  return `${status?.readyReplicas ?? 0}/${status?.desiredReplicas ?? spec.replicas ?? 0}`;
}

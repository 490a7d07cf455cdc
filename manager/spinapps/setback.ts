import { messageOf } from "@rcm/lib/errors";
import { isKubeError, KubeError } from "@rcm/lib/kube";
import type { Step } from "./plan.ts";
import type { Problem } from "./problem.ts";

/** A problem, and when to try again; undefined: only when something changes. */
export interface Setback {
  readonly problem: Problem;
  readonly retryMs: number | undefined;
}

/** What is in the way is not watched: look again at this pace. */
export const POLL_MS = 30_000;

const INTERNAL_ERROR = 500;

/** What the server's refusal of a step means for the SpinApp; undefined when it is no matter of the SpinApp. */
export function setbackOf(step: Step, name: string, error: unknown): Setback | undefined {
  const kind = step.kind === "applyService" ? "Service" : "Deployment";
  if (isKubeError(error, "Conflict") && (step.kind === "applyDeployment" || step.kind === "applyService")) {
    return { problem: nameConflict(kind, name), retryMs: POLL_MS };
  }
  if (isKubeError(error, "Forbidden")) {
    return { problem: { reason: "Forbidden", message: messageOf(error) }, retryMs: POLL_MS };
  }
  if (isKubeError(error, "Invalid")) {
    const what = step.kind === "applySecret" ? "Secret" : kind;
    const message = `${messageOf(error)}: change the spec, or the policy that refuses it`;
    return { problem: { reason: `${what}Refused`, message }, retryMs: POLL_MS };
  }
  return undefined;
}

/** Whether the server tried and could not: an object that it cannot merge, a webhook that does not answer. */
export function isServerError(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === INTERNAL_ERROR;
}

export function serverProblem(error: KubeError): Problem {
  return { reason: "ServerError", message: messageOf(error) };
}

export function nameConflict(kind: "Deployment" | "Service", name: string): Problem {
  const message = `There is a ${kind} "${name}" that does not belong to this SpinApp: remove it, or create the SpinApp under another name`;
  return { reason: "NameConflict", message };
}

import type { OciSpec } from "./oci-spec.ts";

/** In this order; the first is what runc's shim goes by as well. */
const GROUP_ANNOTATIONS = ["io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id"] as const;
const SANDBOX_ANNOTATION = GROUP_ANNOTATIONS[1];
const TYPE_ANNOTATION = "io.kubernetes.cri.container-type";

/** What one shim process is shared by: the id of the pod's sandbox. `undefined`: the container is alone. */
export function groupOf(spec: OciSpec): string | undefined {
  return GROUP_ANNOTATIONS.map((name) => spec.annotations?.[name]).find((id) => id !== undefined && id !== "");
}

/** Id of the first container of the pod to which containerd's CRI says that it belongs. */
export function sandboxOf(spec: OciSpec): string | undefined {
  return spec.annotations?.[SANDBOX_ANNOTATION];
}

/** Whether it is the pause container of a pod, or one of its containers (or one outside of pods). */
export function containerKind(spec: OciSpec): "sandbox" | "container" {
  return spec.annotations?.[TYPE_ANNOTATION] === "sandbox" ? "sandbox" : "container";
}

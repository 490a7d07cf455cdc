import type { OciSpec } from "../spec/oci-spec.ts";

/** What a container is: the pod's pause container, a Linux program, or a Wasm component in the executor. */
export type ContainerKind = "sandbox" | "linux" | "wasm";

/** What the specification says about how to run and end a container. */
export interface ContainerTraits {
  /** Whether systemd makes the cgroup, as the kubelet that made its parent does. */
  readonly systemdCgroup: boolean;
  /** Whether its processes end with the first one, since they have a pid namespace of their own. */
  readonly ownPids: boolean;
  /** Whether runc itself must start it: only runc can run these hooks. */
  readonly hasPoststartHooks: boolean;
}

/** `slice:prefix:name` is systemd's form of a cgroup's path; the kubelet gives it if its driver is systemd. */
const SYSTEMD_PATH = /^[^/:]+:[^/:]+:[^/:]+$/u;

export function traitsOf(spec: OciSpec, systemdCgroup: boolean | undefined): ContainerTraits {
  return {
    // Inferred, since containerd 1.6 cannot pass the option on.
    systemdCgroup: systemdCgroup ?? SYSTEMD_PATH.test(spec.linux?.cgroupsPath ?? ""),
    ownPids: namespacesOf(spec).some(({ type, path }) => type === "pid" && (path === undefined || path === "")),
    hasPoststartHooks: hooksOf(spec, "poststart").length > 0,
  };
}

interface Namespace {
  readonly type?: unknown;
  readonly path?: unknown;
}

function namespacesOf(spec: OciSpec): readonly Namespace[] {
  const list = spec.linux?.["namespaces"];
  return Array.isArray(list) ? list.filter((item): item is Namespace => typeof item === "object" && item !== null) : [];
}

function hooksOf(spec: OciSpec, name: string): readonly unknown[] {
  const hooks = spec["hooks"];
  if (typeof hooks !== "object" || hooks === null) return [];
  const list: unknown = Object.entries(hooks).find(([key]) => key === name)?.[1];
  return Array.isArray(list) ? list : [];
}

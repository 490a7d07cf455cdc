import { messageIn, textIn, type Reply } from "./reply.ts";

/**
 * Reads the configuration that CRI reports as `info.config` of its verbose status: JSON with camelCase keys, the same
 * in containerd 1.6 to 2.x for what is read here. Empty if it is not JSON.
 */
export function parseRunningConfig(configJson: string): Reply {
  try {
    const parsed: unknown = JSON.parse(configJson);
    return messageIn({ parsed }, "parsed");
  } catch {
    return {};
  }
}

/** Names of the runtimes in the configuration that is in force. */
export function configuredHandlers(config: Reply): readonly string[] {
  return Object.keys(messageIn(messageIn(config, "containerd"), "runtimes")).toSorted();
}

/**
 * Parent for the cgroup of a sandbox that leaves nothing behind: a slice that is always there where the default runtime
 * leaves its cgroups to systemd (it refuses a path), else the root of the hierarchy.
 */
export function cgroupParentFor(config: Reply): string {
  const containerd = messageIn(config, "containerd");
  const runtime = messageIn(messageIn(containerd, "runtimes"), textIn(containerd, "defaultRuntimeName"));
  return messageIn(runtime, "options")["SystemdCgroup"] === true ? "system.slice" : "/";
}

import { CheckpointOptions } from "../proto/options.ts";
import type { CheckpointTaskRequest } from "../proto/task.ts";
import type { Container, TaskHost } from "./container.ts";
import { publishEvent } from "./publish-event.ts";

/** Saving gigabytes of memory takes its time. */
const CHECKPOINT_MS = 10 * 60_000;

/** What each option is called by runc. */
const FLAGS = [
  ["openTcp", "--tcp-established"],
  ["externalUnixSockets", "--ext-unix-sk"],
  ["terminal", "--shell-job"],
  ["fileLocks", "--file-locks"],
] as const;

/** Saves a container's memory, if the node has criu; runc says so if not. The container runs on unless it is said otherwise. */
export async function checkpointContainer(
  host: TaskHost,
  { id, runc }: Container,
  { path, options }: CheckpointTaskRequest,
): Promise<void> {
  const flags = checkpointFlags(CheckpointOptions.decode(options?.value ?? new Uint8Array()));
  await runc.checkpoint({ id, imagePath: path, options: flags }, AbortSignal.timeout(CHECKPOINT_MS));
  publishEvent(host, "/tasks/checkpointed", { containerId: id, checkpoint: path });
}

/** Flags of `runc checkpoint`. */
export function checkpointFlags(options: CheckpointOptions): readonly string[] {
  const flags = FLAGS.filter(([name]) => options[name]).map(([, flag]) => flag);
  return options.exit ? flags : ["--leave-running", ...flags];
}

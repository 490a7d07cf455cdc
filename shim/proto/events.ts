/**
 * What the shim tells containerd, and how it is wrapped.
 *
 * @see {@link https://github.com/containerd/containerd/blob/v2.1.0/api/events/task.proto}
 */
import { Any } from "./any.ts";
import { type InputOf, many, message, type MessageOf, type MessageType, one } from "./codec.ts";
import { Mount } from "./mount.ts";
import { Timestamp } from "./timestamp.ts";

export const TaskIO = message("TaskIO", {
  stdin: one(1, "string"),
  stdout: one(2, "string"),
  stderr: one(3, "string"),
  terminal: one(4, "bool"),
});
export type TaskIO = MessageOf<typeof TaskIO>;

export const TaskCreate = message("TaskCreate", {
  containerId: one(1, "string"),
  bundle: one(2, "string"),
  rootfs: many(3, Mount),
  io: one(4, TaskIO),
  checkpoint: one(5, "string"),
  pid: one(6, "uint32"),
});
export type TaskCreate = MessageOf<typeof TaskCreate>;

export const TaskStart = message("TaskStart", { containerId: one(1, "string"), pid: one(2, "uint32") });
export type TaskStart = MessageOf<typeof TaskStart>;

export const TaskDelete = message("TaskDelete", {
  containerId: one(1, "string"),
  pid: one(2, "uint32"),
  exitStatus: one(3, "uint32"),
  exitedAt: one(4, Timestamp),
  id: one(5, "string"),
});
export type TaskDelete = MessageOf<typeof TaskDelete>;

export const TaskExit = message("TaskExit", {
  containerId: one(1, "string"),
  /** The container's id for its first process, the exec id for others. */
  id: one(2, "string"),
  pid: one(3, "uint32"),
  exitStatus: one(4, "uint32"),
  exitedAt: one(5, Timestamp),
});
export type TaskExit = MessageOf<typeof TaskExit>;

export const TaskOOM = message("TaskOOM", { containerId: one(1, "string") });
export type TaskOOM = MessageOf<typeof TaskOOM>;

export const TaskExecAdded = message("TaskExecAdded", { containerId: one(1, "string"), execId: one(2, "string") });
export type TaskExecAdded = MessageOf<typeof TaskExecAdded>;

export const TaskExecStarted = message("TaskExecStarted", {
  containerId: one(1, "string"),
  execId: one(2, "string"),
  pid: one(3, "uint32"),
});
export type TaskExecStarted = MessageOf<typeof TaskExecStarted>;

export const TaskPaused = message("TaskPaused", { containerId: one(1, "string") });
export type TaskPaused = MessageOf<typeof TaskPaused>;

export const TaskResumed = message("TaskResumed", { containerId: one(1, "string") });
export type TaskResumed = MessageOf<typeof TaskResumed>;

export const TaskCheckpointed = message("TaskCheckpointed", {
  containerId: one(1, "string"),
  checkpoint: one(2, "string"),
});
export type TaskCheckpointed = MessageOf<typeof TaskCheckpointed>;

/** The topics and what is sent under each. */
export const TASK_EVENTS = {
  "/tasks/create": TaskCreate,
  "/tasks/start": TaskStart,
  "/tasks/exit": TaskExit,
  "/tasks/delete": TaskDelete,
  "/tasks/oom": TaskOOM,
  "/tasks/exec-added": TaskExecAdded,
  "/tasks/exec-started": TaskExecStarted,
  "/tasks/paused": TaskPaused,
  "/tasks/resumed": TaskResumed,
  "/tasks/checkpointed": TaskCheckpointed,
} as const;
export type TaskTopic = keyof typeof TASK_EVENTS;

/** An event of a topic as containerd wants it wrapped. */
export function anyFromEvent<T extends TaskTopic>(topic: T, event: InputOf<(typeof TASK_EVENTS)[T]>): Any {
  const type: Pick<MessageType<(typeof TASK_EVENTS)[T]["fields"]>, "name" | "encode"> = TASK_EVENTS[topic];
  return { typeUrl: `containerd.events.${type.name}`, value: type.encode(event) };
}

/** `containerd.services.events.ttrpc.v1.Envelope` */
export const Envelope = message("Envelope", {
  timestamp: one(1, Timestamp),
  namespace: one(2, "string"),
  topic: one(3, "string"),
  event: one(4, Any),
});
export type Envelope = MessageOf<typeof Envelope>;

/** What `Forward` of {@link EVENTS_SERVICE} takes. Its answer is empty. */
export const ForwardRequest = message("ForwardRequest", { envelope: one(1, Envelope) });
export type ForwardRequest = MessageOf<typeof ForwardRequest>;

export const EVENTS_SERVICE = "containerd.services.events.ttrpc.v1.Events";

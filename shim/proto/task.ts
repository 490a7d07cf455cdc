/**
 * The Task service. Its messages are the same in `containerd.task.v2` and `containerd.task.v3`.
 *
 * @see {@link https://github.com/containerd/containerd/blob/v2.1.0/api/runtime/task/v3/shim.proto}
 */
import { Any } from "./any.ts";
import { many, message, type MessageOf, one, stringMap } from "./codec.ts";
import { Mount } from "./mount.ts";
import { Timestamp } from "./timestamp.ts";

/** Both names under which containerd calls the service. */
export const TASK_SERVICES = ["containerd.task.v2.Task", "containerd.task.v3.Task"] as const;

/** What `StateResponse.status` says. */
export const TASK_STATUS = { unknown: 0, created: 1, running: 2, stopped: 3, paused: 4, pausing: 5 } as const;

/** An `execId` of "" means the container's first process, here and below. */
const PROCESS = { id: one(1, "string"), execId: one(2, "string") } as const;

export const StateRequest = message("StateRequest", PROCESS);
export type StateRequest = MessageOf<typeof StateRequest>;

export const StateResponse = message("StateResponse", {
  id: one(1, "string"),
  bundle: one(2, "string"),
  pid: one(3, "uint32"),
  /** One of {@link TASK_STATUS}. */
  status: one(4, "enum"),
  stdin: one(5, "string"),
  stdout: one(6, "string"),
  stderr: one(7, "string"),
  terminal: one(8, "bool"),
  exitStatus: one(9, "uint32"),
  exitedAt: one(10, Timestamp),
  execId: one(11, "string"),
});
export type StateResponse = MessageOf<typeof StateResponse>;

export const CreateTaskRequest = message("CreateTaskRequest", {
  id: one(1, "string"),
  bundle: one(2, "string"),
  rootfs: many(3, Mount),
  terminal: one(4, "bool"),
  stdin: one(5, "string"),
  stdout: one(6, "string"),
  stderr: one(7, "string"),
  checkpoint: one(8, "string"),
  parentCheckpoint: one(9, "string"),
  options: one(10, Any),
});
export type CreateTaskRequest = MessageOf<typeof CreateTaskRequest>;

export const CreateTaskResponse = message("CreateTaskResponse", { pid: one(1, "uint32") });
export type CreateTaskResponse = MessageOf<typeof CreateTaskResponse>;

export const StartRequest = message("StartRequest", PROCESS);
export type StartRequest = MessageOf<typeof StartRequest>;

export const StartResponse = message("StartResponse", { pid: one(1, "uint32") });
export type StartResponse = MessageOf<typeof StartResponse>;

export const DeleteRequest = message("DeleteRequest", PROCESS);
export type DeleteRequest = MessageOf<typeof DeleteRequest>;

/** Also what the command `delete` writes to standard output. */
export const DeleteResponse = message("DeleteResponse", {
  pid: one(1, "uint32"),
  exitStatus: one(2, "uint32"),
  exitedAt: one(3, Timestamp),
});
export type DeleteResponse = MessageOf<typeof DeleteResponse>;

export const PidsRequest = message("PidsRequest", { id: one(1, "string") });
export type PidsRequest = MessageOf<typeof PidsRequest>;

export const ProcessInfo = message("ProcessInfo", { pid: one(1, "uint32"), info: one(2, Any) });
export type ProcessInfo = MessageOf<typeof ProcessInfo>;

export const PidsResponse = message("PidsResponse", { processes: many(1, ProcessInfo) });
export type PidsResponse = MessageOf<typeof PidsResponse>;

export const PauseRequest = message("PauseRequest", { id: one(1, "string") });
export type PauseRequest = MessageOf<typeof PauseRequest>;

export const ResumeRequest = message("ResumeRequest", { id: one(1, "string") });
export type ResumeRequest = MessageOf<typeof ResumeRequest>;

export const CheckpointTaskRequest = message("CheckpointTaskRequest", {
  id: one(1, "string"),
  path: one(2, "string"),
  options: one(3, Any),
});
export type CheckpointTaskRequest = MessageOf<typeof CheckpointTaskRequest>;

export const KillRequest = message("KillRequest", {
  ...PROCESS,
  signal: one(3, "uint32"),
  /** To every process of the container. */
  all: one(4, "bool"),
});
export type KillRequest = MessageOf<typeof KillRequest>;

export const ExecProcessRequest = message("ExecProcessRequest", {
  ...PROCESS,
  terminal: one(3, "bool"),
  stdin: one(4, "string"),
  stdout: one(5, "string"),
  stderr: one(6, "string"),
  /** The value is an OCI `Process` in JSON. */
  spec: one(7, Any),
});
export type ExecProcessRequest = MessageOf<typeof ExecProcessRequest>;

export const ResizePtyRequest = message("ResizePtyRequest", {
  ...PROCESS,
  width: one(3, "uint32"),
  height: one(4, "uint32"),
});
export type ResizePtyRequest = MessageOf<typeof ResizePtyRequest>;

export const CloseIORequest = message("CloseIORequest", { ...PROCESS, stdin: one(3, "bool") });
export type CloseIORequest = MessageOf<typeof CloseIORequest>;

export const UpdateTaskRequest = message("UpdateTaskRequest", {
  id: one(1, "string"),
  /** The value is OCI `LinuxResources` in JSON. */
  resources: one(2, Any),
  annotations: stringMap(3),
});
export type UpdateTaskRequest = MessageOf<typeof UpdateTaskRequest>;

export const WaitRequest = message("WaitRequest", PROCESS);
export type WaitRequest = MessageOf<typeof WaitRequest>;

export const WaitResponse = message("WaitResponse", { exitStatus: one(1, "uint32"), exitedAt: one(2, Timestamp) });
export type WaitResponse = MessageOf<typeof WaitResponse>;

export const StatsRequest = message("StatsRequest", { id: one(1, "string") });
export type StatsRequest = MessageOf<typeof StatsRequest>;

export const StatsResponse = message("StatsResponse", { stats: one(1, Any) });
export type StatsResponse = MessageOf<typeof StatsResponse>;

export const ConnectRequest = message("ConnectRequest", { id: one(1, "string") });
export type ConnectRequest = MessageOf<typeof ConnectRequest>;

export const ConnectResponse = message("ConnectResponse", {
  shimPid: one(1, "uint32"),
  taskPid: one(2, "uint32"),
  version: one(3, "string"),
});
export type ConnectResponse = MessageOf<typeof ConnectResponse>;

export const ShutdownRequest = message("ShutdownRequest", { id: one(1, "string"), now: one(2, "bool") });
export type ShutdownRequest = MessageOf<typeof ShutdownRequest>;

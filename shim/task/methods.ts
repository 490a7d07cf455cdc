import { pidsIn } from "../cgroup/pids.ts";
import { Empty } from "../proto/any.ts";
import {
  CheckpointTaskRequest,
  CloseIORequest,
  ConnectRequest,
  ConnectResponse,
  CreateTaskRequest,
  CreateTaskResponse,
  DeleteRequest,
  DeleteResponse,
  ExecProcessRequest,
  KillRequest,
  PauseRequest,
  PidsRequest,
  PidsResponse,
  ResizePtyRequest,
  ResumeRequest,
  ShutdownRequest,
  StartRequest,
  StartResponse,
  StateRequest,
  StateResponse,
  StatsRequest,
  StatsResponse,
  TASK_SERVICES,
  UpdateTaskRequest,
  WaitRequest,
  WaitResponse,
} from "../proto/task.ts";
import { timestampFromDate } from "../proto/timestamp.ts";
import type { Call, Handler, Method, Services } from "../ttrpc/service.ts";
import { checkpointContainer } from "./checkpoint.ts";
import type { Container, TaskHost } from "./container.ts";
import { killProcess, pauseContainer, resumeContainer, updateContainer } from "./control.ts";
import { statsOf } from "./measure.ts";
import type { TaskService } from "./service.ts";
import { toTtrpcError } from "./to-ttrpc-error.ts";

export interface ShimCalls {
  readonly pid: number;
  /** Ends the shim once the answer is sent. */
  readonly shutdown: () => void;
  /** To be told of each container that is about to be made, by its bundle. */
  readonly creating: (bundle: string) => void;
  /** To be told of each container that runs. */
  readonly started: () => void;
  /** To be told of each command that runs in one. */
  readonly executed: () => void;
  /** To be told of each container that is gone. */
  readonly deleted: () => void;
}

/** The Task service as ttrpc has it, under both its names: the messages of v2 and v3 are the same. */
export function taskServices(host: TaskHost, task: TaskService, calls: ShimCalls): Services {
  const methods = { ...lifeMethods(task, calls), ...processMethods(host, task), ...containerMethods(host, task) };
  return Object.fromEntries(TASK_SERVICES.map((name) => [name, methods]));
}

type Methods = Readonly<Record<string, Method>>;

/** Answers `Empty`. */
const DONE = {};

function lifeMethods(task: TaskService, calls: ShimCalls): Methods {
  const { pid: shimPid, shutdown, creating, started, executed, deleted } = calls;
  return {
    Create: method(CreateTaskRequest, CreateTaskResponse, async (request, call) => {
      creating(request.bundle);
      return { pid: await task.create(request, call) };
    }),
    Start: method(StartRequest, StartResponse, async (request, call) => {
      const pid = await task.start(request, call);
      if (request.execId === "") started();
      else executed();
      return { pid };
    }),
    Delete: method(DeleteRequest, DeleteResponse, async (request) => {
      const response = await task.delete(request);
      if (request.execId === "") deleted();
      return response;
    }),
    // Also for a container that is not there: containerd asks when it finds the shim again.
    Connect: method(ConnectRequest, ConnectResponse, ({ id }) => ({ shimPid, taskPid: task.pidOf(id), version: "2" })),
    Shutdown: method(ShutdownRequest, Empty, () => {
      if (task.isEmpty) shutdown();
      return DONE;
    }),
  };
}

function processMethods(host: TaskHost, task: TaskService): Methods {
  const wait = method(WaitRequest, WaitResponse, async (request, { signal }) => {
    const { status, at } = await task.wait(request, signal);
    return { exitStatus: status, exitedAt: timestampFromDate(at) };
  });
  return {
    State: method(StateRequest, StateResponse, (request) => task.state(request)),
    Kill: method(KillRequest, Empty, async (request) => {
      const { signal, execId } = request;
      const all = request.all && execId === ""; // A command's own processes are not known apart.
      await killProcess(host, task.container(request.id), await task.settled(request), { signal, all });
      return DONE;
    }),
    Exec: method(ExecProcessRequest, Empty, (request) => {
      task.addExec(request);
      return DONE;
    }),
    ResizePty: method(ResizePtyRequest, Empty, async (request) => {
      (await task.settled(request)).stdio?.resize(request.width, request.height);
      return DONE;
    }),
    CloseIO: method(CloseIORequest, Empty, async (request) => {
      if (request.stdin) (await task.settled(request)).stdio?.closeStdin();
      return DONE;
    }),
    Wait: { waits: true, handle: wait },
  };
}

function containerMethods(host: TaskHost, task: TaskService): Methods {
  function change<Q extends { readonly id: string }>(
    request: Decoder<Q>,
    work: (container: Container, request: Q) => Promise<void>,
  ): Method {
    return method(request, Empty, async (decoded) => {
      await work(task.container(decoded.id), decoded);
      return DONE;
    });
  }
  return {
    Pids: method(PidsRequest, PidsResponse, ({ id }) => {
      const { cgroup, init } = task.container(id);
      // Also when it has ended: containerd takes a shim without processes for a leaked one, and loses the exit code.
      const pids = pidsIn(cgroup, init.pid);
      return { processes: pids.map((pid) => ({ pid })) };
    }),
    Stats: method(StatsRequest, StatsResponse, ({ id }) => ({ stats: statsOf(task.container(id)) })),
    Pause: change(PauseRequest, async (container) => pauseContainer(host, container)),
    Resume: change(ResumeRequest, async (container) => resumeContainer(host, container)),
    Checkpoint: change(CheckpointTaskRequest, async (container, request) =>
      checkpointContainer(host, container, request),
    ),
    Update: change(UpdateTaskRequest, updateContainer),
  };
}

interface Decoder<Q> {
  decode(bytes: Uint8Array): Q;
}

interface Encoder<A> {
  encode(message: A): Uint8Array;
}

/** Bytes in, bytes out; whatever goes wrong gets the code that containerd knows it by. */
function method<Q, A>(
  request: Decoder<Q>,
  answer: Encoder<A>,
  work: (request: Q, call: Call) => A | Promise<A>,
): Handler {
  return async (payload, call) => {
    try {
      return answer.encode(await work(request.decode(payload), call));
    } catch (error) {
      throw toTtrpcError(error);
    }
  };
}

import { setTimeout as delay } from "node:timers/promises";
import { tryCommand, type CommandResult } from "../../cluster/run-command.ts";
import type { TestContainerd } from "./test-containerd.ts";

const IMAGE = "localhost/busybox:1";

/** Runs containers with one runtime by ctr; names of containers must be given without the runtime. */
export class Ctr {
  readonly containerd: TestContainerd;
  readonly label: "runc" | "spin";
  readonly #signal: AbortSignal;

  constructor(containerd: TestContainerd, label: "runc" | "spin", signal: AbortSignal) {
    this.containerd = containerd;
    this.label = label;
    this.#signal = signal;
  }

  id(name: string): string {
    return `${name}-${this.label}`;
  }

  /** `ctr run` with flags before the image. */
  async run(name: string, flags: readonly string[], command: readonly string[]): Promise<CommandResult> {
    return this.#try(this.runArgv(name, flags, command));
  }

  /** Runs a script of the shell in which \`"$@"\` is a command of ours. */
  async shell(script: string, argv: readonly string[]): Promise<CommandResult> {
    return this.#try(["sh", "-c", script, "sh", ...argv]);
  }

  /** `ctr run` where a terminal is wanted: ctr takes its own, so it gets one. */
  async runInTerminal(name: string, flags: readonly string[], script: string): Promise<CommandResult> {
    return this.inTerminal(this.runArgv(name, ["-t", ...flags], ["sh", "-c", script]));
  }

  async inTerminal(argv: readonly string[]): Promise<CommandResult> {
    const line = argv.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
    return this.#try(["script", "--quiet", "--return", "--command", `stty cols 77 rows 33; ${line}`, "/dev/null"], "");
  }

  runArgv(name: string, flags: readonly string[], command: readonly string[]): string[] {
    const runtime = this.label === "runc" ? "io.containerd.runc.v2" : this.containerd.shim;
    return [...this.#argv("run"), "--runtime", runtime, ...flags, IMAGE, this.id(name), ...command];
  }

  /** `ctr task VERB FLAGS ID REST`. */
  async task(
    verb: string,
    name: string,
    flags: readonly string[] = [],
    rest: readonly string[] = [],
  ): Promise<CommandResult> {
    return this.#try(this.taskArgv(verb, name, flags, rest));
  }

  taskArgv(verb: string, name: string, flags: readonly string[] = [], rest: readonly string[] = []): string[] {
    return [...this.#argv("task"), verb, ...flags, this.id(name), ...rest];
  }

  /** Its line of `ctr task list`: process and state. */
  async state(name: string): Promise<{ readonly pid: number; readonly state: string } | undefined> {
    const { stdout } = await this.#try([...this.#argv("task"), "list"]);
    const line = stdout.split("\n").find((text) => text.startsWith(`${this.id(name)} `));
    const [, pid, state = ""] = line?.split(/\s+/) ?? [];
    return line === undefined ? undefined : { pid: Number(pid), state };
  }

  async untilState(name: string, wanted: string): Promise<void> {
    for (let i = 0; i < 200; i += 1) {
      if ((await this.state(name))?.state === wanted) {
        await this.containerd.noteSocket(this.containerd.namespace, this.id(name));
        return;
      }
      await delay(50);
    }
    throw new Error(
      `Cannot wait for ${this.id(name)} to be ${wanted}: it is ${(await this.state(name))?.state ?? "gone"}`,
    );
  }

  /** Deletes the task and the container. */
  async remove(name: string): Promise<void> {
    await this.task("delete", name, ["--force"]);
    await this.#try([...this.#argv("container"), "delete", this.id(name)]);
  }

  #argv(command: string): string[] {
    return [...this.containerd.ctrArgv("own"), command];
  }

  async #try(argv: readonly string[], stdin?: string): Promise<CommandResult> {
    const options = { timeoutMs: 30_000, ...(stdin === undefined ? {} : { stdin }) };
    return tryCommand(argv, options, this.#signal);
  }
}

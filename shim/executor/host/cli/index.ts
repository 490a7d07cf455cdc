import type { HostInterface } from "../../component/host-interface.ts";
import { ComponentExit } from "../errors.ts";
import type { Result } from "../results.ts";
import type { HostState } from "../state.ts";

const VERSION = "0.2.12";

/** A terminal has no functions: that there is one is all that the guest may know. */
class Terminal {
  readonly kind = "terminal";
}

const environment: HostInterface<HostState> = {
  name: "wasi:cli/environment",
  version: VERSION,
  functions: {
    "get-environment": { call: ({ services }) => services.environment },
    "get-arguments": { call: ({ services }) => services.arguments },
    "initial-cwd": { call: ({ services }) => services.initialCwd },
  },
  resources: {},
};

const exit: HostInterface<HostState> = {
  name: "wasi:cli/exit",
  version: VERSION,
  functions: {
    exit: { call: (_state, status: Result<undefined, undefined>) => exitWith(status.tag === "ok" ? 0 : 1) },
    "exit-with-code": { call: (_state, code: number) => exitWith(code) },
  },
  resources: {},
};

const stdin: HostInterface<HostState> = {
  name: "wasi:cli/stdin",
  version: VERSION,
  functions: { "get-stdin": { call: ({ services }) => services.stdin() } },
  resources: {},
};

const stdout: HostInterface<HostState> = {
  name: "wasi:cli/stdout",
  version: VERSION,
  functions: { "get-stdout": { call: ({ services }) => services.stdout() } },
  resources: {},
};

const stderr: HostInterface<HostState> = {
  name: "wasi:cli/stderr",
  version: VERSION,
  functions: { "get-stderr": { call: ({ services }) => services.stderr() } },
  resources: {},
};

const terminalInput: HostInterface<HostState> = {
  name: "wasi:cli/terminal-input",
  version: VERSION,
  functions: {},
  resources: { "terminal-input": {} },
};

const terminalOutput: HostInterface<HostState> = {
  name: "wasi:cli/terminal-output",
  version: VERSION,
  functions: {},
  resources: { "terminal-output": {} },
};

export const cliInterfaces = [
  environment,
  exit,
  stdin,
  stdout,
  stderr,
  terminalInput,
  terminalOutput,
  ...(["stdin", "stdout", "stderr"] as const).map(terminalOf),
] as const;

function terminalOf(stream: "stdin" | "stdout" | "stderr"): HostInterface<HostState> {
  return {
    name: `wasi:cli/terminal-${stream}`,
    version: VERSION,
    functions: {
      [`get-terminal-${stream}`]: {
        call: ({ services }) => (services.terminals[stream] ? new Terminal() : undefined),
      },
    },
    resources: {},
  };
}

function exitWith(code: number): never {
  throw new ComponentExit(code);
}

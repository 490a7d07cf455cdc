import type { Command } from "../command.ts";
import { helpCommand } from "../commands/help.ts";
import type { Program } from "../program.ts";
import { completionCommand } from "./commands/completion.ts";
import { LOGS } from "./commands/logs.ts";
import { PAUSE, RESUME } from "./commands/pause.ts";
import { RETRY } from "./commands/retry.ts";
import { STATUS } from "./commands/status.ts";
import { WAIT } from "./commands/wait.ts";

const COMMANDS: readonly Command[] = [
  STATUS,
  WAIT,
  LOGS,
  RETRY,
  PAUSE,
  RESUME,
  completionCommand(() => COMMANDS),
  helpCommand(() => KUBECTL_SHIM),
];

/** `kubectl shim`: what an operator of nodes asks about Shims, and tells their manager. */
export const KUBECTL_SHIM: Program = {
  name: "kubectl shim",
  summary: "See how shims come to nodes, and steer it",
  commands: COMMANDS,
};

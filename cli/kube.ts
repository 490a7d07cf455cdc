import type { Command } from "./command.ts";
import { completionCommand } from "./commands/completion.ts";
import { CONNECT } from "./commands/connect.ts";
import { DELETE } from "./commands/delete.ts";
import { DEPLOY } from "./commands/deploy.ts";
import { GET } from "./commands/get.ts";
import { helpCommand } from "./commands/help.ts";
import { LIST } from "./commands/list.ts";
import { LOGS } from "./commands/logs.ts";
import { SCAFFOLD } from "./commands/scaffold.ts";
import { VERSION_COMMAND } from "./commands/version.ts";
import type { Program } from "./program.ts";

const COMMANDS: readonly Command[] = [
  SCAFFOLD,
  DEPLOY,
  LIST,
  GET,
  LOGS,
  CONNECT,
  DELETE,
  VERSION_COMMAND,
  completionCommand(() => COMMANDS),
  helpCommand(() => KUBE),
];

/** `spin kube`: the plug-in of the Spin command line. */
export const KUBE: Program = { name: "kube", summary: "Manage applications running on Kubernetes", commands: COMMANDS };

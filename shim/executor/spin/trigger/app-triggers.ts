import type { LockedApp } from "../app/locked-app.ts";
import { quote } from "../document/quote.ts";
import { Table } from "../document/table.ts";
import { SpinError } from "../errors.ts";
import { type HttpTriggerConfig, parseHttpTrigger } from "./http-trigger-config.ts";
import { type RedisTriggerConfig, parseRedisTrigger } from "./redis-trigger-config.ts";

const TYPES: readonly string[] = ["http", "redis", "command"];

/** What an application is started by. */
export interface AppTriggers {
  readonly http: readonly HttpTriggerConfig[];
  readonly redis: readonly RedisTriggerConfig[];
  /** The component that runs once. */
  readonly command: string | undefined;
}

/**
 * The triggers of an application, of those types that this executor has.
 *
 * @throws {SpinError} `UNSUPPORTED` for others, `INVALID`.
 */
export function readTriggers({ triggers, triggerSettings }: LockedApp): AppTriggers {
  const other = triggers.find(({ type }) => !TYPES.includes(type));
  if (other !== undefined) {
    throw new SpinError(
      "UNSUPPORTED",
      `Cannot run the trigger ${quote(other.id)}: its type is ${quote(other.type)}, and this executor has ${TYPES.join(", ")}: leave its component out by SPIN_COMPONENTS_TO_RETAIN`,
    );
  }
  if (triggers.length === 0) {
    throw new SpinError("INVALID", "Cannot run the application: it has no trigger: add one to its manifest");
  }
  checkBase(triggerSettings["http"] ?? {});
  const commands = triggers.filter(({ type }) => type === "command");
  if (commands.length > 1) {
    throw new SpinError(
      "INVALID",
      `Cannot run the application: it has ${commands.length} command triggers, and one can run: leave components out by SPIN_COMPONENTS_TO_RETAIN`,
    );
  }
  return {
    http: triggers.filter(({ type }) => type === "http").map((trigger) => parseHttpTrigger(trigger)),
    redis: triggers
      .filter(({ type }) => type === "redis")
      .map((trigger) => parseRedisTrigger(trigger, triggerSettings["redis"] ?? {})),
    command: commands[0] === undefined ? undefined : readCommand(commands[0].id, commands[0].config),
  };
}

/** Spin 1 could put all routes below a path. */
function checkBase(settings: Readonly<Record<string, unknown>>): void {
  const base = settings["base"] ?? "/";
  if (base === "/" || base === "") return;
  throw new SpinError(
    "UNSUPPORTED",
    `Cannot use the base ${quote(base)} of the http trigger: write it into each route`,
  );
}

function readCommand(id: string, config: Readonly<Record<string, unknown>>): string {
  const table = new Table(`the command trigger "${id}"`, "", config);
  const component = table.text("component");
  table.refuseOthers();
  return component;
}

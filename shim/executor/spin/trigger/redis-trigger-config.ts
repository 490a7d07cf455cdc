import type { LockedTrigger } from "../app/locked-app.ts";
import { type Fields, Table } from "../document/table.ts";

/** A trigger of the type `redis`. */
export interface RedisTriggerConfig {
  readonly id: string;
  readonly component: string;
  /** Of the server: a template. */
  readonly address: string;
  /** A template. */
  readonly channel: string;
}

/**
 * @param settings of all triggers of this type: `[application.trigger.redis]`.
 * @throws {SpinError}
 */
export function parseRedisTrigger({ id, config }: LockedTrigger, settings: Fields): RedisTriggerConfig {
  const all = new Table("the settings of redis triggers", "", settings);
  const common = all.nonEmptyText("address");
  all.refuseOthers();
  const table = new Table(`the redis trigger "${id}"`, "", config);
  const component = table.text("component");
  const channel = table.text("channel");
  const address = table.nonEmptyText("address") ?? common;
  if (address === undefined) {
    throw table.error("address", "it is missing", "write it, or one for all in [application.trigger.redis]");
  }
  table.refuseOthers();
  return { id, component, address, channel };
}

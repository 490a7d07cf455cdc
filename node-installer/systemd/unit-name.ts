import { SystemdError } from "./systemd-error.ts";

/** https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Description: at most 255 characters. */
const UNIT_NAME = /^[A-Za-z0-9:_.@\\-]+\.(?:service|timer|socket|slice|target|scope|mount|path)$/;
const UNIT_NAME_MAX = 255;

/** @throws {SystemdError} `INVALID_ARGUMENT` if systemd would not take `name`, with its suffix, for a unit's name. */
export function requireUnitName(name: string): void {
  if (name.length <= UNIT_NAME_MAX && UNIT_NAME.test(name)) return;
  throw new SystemdError("INVALID_ARGUMENT", `Cannot use unit "${name}": it is no name of a unit`);
}

import type { HostInterface } from "../../../component/host-interface.ts";
import { type Result, errOf, okOf } from "../../results.ts";
import type { HostState } from "../../state.ts";
import { type OpenDatabase, executeSql, openDatabase } from "../open-database.ts";
import type { WitSqlValue } from "../sql-value.ts";
import { Numbered } from "./numbered.ts";

type Answer = Result<unknown, object>;

class Databases extends Numbered<OpenDatabase> {}

const INVALID_CONNECTION: Answer = errOf({ tag: "invalid-connection" });

/** Of the SDKs for Spin 1: connections are numbers. */
export const legacySqlite: HostInterface<HostState> = {
  name: "fermyon:spin/sqlite",
  version: undefined,
  functions: {
    open: { call: open, blocking: true },
    execute: { call: execute, blocking: true },
    close: { call: close },
  },
  resources: {},
};

async function open(state: HostState, name: string): Promise<Answer> {
  const opened = await openDatabase(state, name);
  return opened.tag === "ok" && opened.val !== undefined ? okOf(state.keep(Databases).add(opened.val)) : opened;
}

async function execute(
  state: HostState,
  ...[handle, statement, parameters]: readonly [number, string, readonly WitSqlValue[]]
): Promise<Answer> {
  const database = state.keep(Databases).get(handle);
  return database === undefined ? INVALID_CONNECTION : executeSql(state, database, statement, parameters);
}

function close(state: HostState, handle: number): undefined {
  state.keep(Databases).remove(handle)?.close(state);
}

import type { HostFunction, HostInterface } from "../../component/host-interface.ts";
import type { HostState } from "../state.ts";
import { type OpenDatabase, closeDatabase, executeSql, openDatabase } from "./open-database.ts";
import { ASYNCHRONOUS } from "./refused.ts";

const functions: Readonly<Record<string, HostFunction<HostState>>> = {
  "[static]connection.open": { call: openDatabase, blocking: true },
  "[method]connection.execute": { call: executeSql, blocking: true },
};

const resources = { connection: { drop: closeDatabase } };

/** Of the SDKs for Spin 2 and 3. */
const sqlite2: HostInterface<HostState> = { name: "fermyon:spin/sqlite", version: "2.0.0", functions, resources };

/** What 3.1 added is asynchronous, and not here; the rest of it is served. */
const sqlite3: HostInterface<HostState> = {
  name: "spin:sqlite/sqlite",
  version: "3.0.0",
  functions: {
    ...functions,
    "[method]connection.last-insert-rowid": {
      call: async (state, { connection }: OpenDatabase) => state.waitFor(connection.lastInsertRowId(state.signal)),
      blocking: true,
    },
    "[method]connection.changes": {
      call: async (state, { connection }: OpenDatabase) => state.waitFor(connection.changes(state.signal)),
      blocking: true,
    },
  },
  resources,
  advice: ASYNCHRONOUS,
};

export const sqliteInterfaces = [sqlite2, sqlite3] as const;

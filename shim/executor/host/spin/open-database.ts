import { answer, ioFault } from "../answer.ts";
import { StoreError } from "../errors.ts";
import { type Result, errOf } from "../results.ts";
import type { SqlConnection } from "../spin-services.ts";
import type { HostState } from "../state.ts";
import { OpenHandles } from "./open-handles.ts";
import { type WitSqlValue, sqlValueFrom, witSqlResult } from "./sql-value.ts";

const MAX_STATEMENT_BYTES = 1 << 20;

/** A guest's handle of a database. */
export class OpenDatabase {
  readonly connection: SqlConnection;
  readonly #done: () => void;

  constructor(state: HostState, connection: SqlConnection) {
    this.connection = connection;
    const takeBack = state.onDispose(() => {
      connection.close();
    });
    this.#done = () => {
      takeBack();
      connection.close();
    };
  }

  close(state: HostState): void {
    this.#done();
    state.keep(OpenHandles).giveBack("database");
  }
}

export async function openDatabase(state: HostState, label: string): Promise<Result<OpenDatabase, object>> {
  const database = state.services.spin?.database(label);
  if (database === undefined) return errOf({ tag: "access-denied" });
  const handles = state.keep(OpenHandles);
  if (!handles.take("database")) return errOf({ tag: "io", val: "too many connections opened" });
  const opened = await answer(
    state,
    async (signal) => {
      const connection = await database.connect(signal);
      if (!signal.aborted) return new OpenDatabase(state, connection);
      connection.close();
      throw signal.reason;
    },
    sqlFault,
  );
  if (opened.tag === "err") handles.giveBack("database");
  return opened;
}

export function closeDatabase(open: OpenDatabase, state: HostState): void {
  open.close(state);
}

export async function executeSql(
  state: HostState,
  ...[{ connection }, statement, parameters]: readonly [OpenDatabase, string, readonly WitSqlValue[]]
): Promise<Result<unknown, object>> {
  const values = parameters.map(sqlValueFrom);
  const result = await answer(
    state,
    async (signal) => {
      if (statement.length > MAX_STATEMENT_BYTES) {
        throw new StoreError("LIMIT", `Cannot execute a statement of more than ${MAX_STATEMENT_BYTES} bytes`);
      }
      return connection.execute(statement, values, signal);
    },
    sqlFault,
  );
  return result.tag === "ok" && result.val !== undefined ? witSqlResult(result.val) : result;
}

function sqlFault(error: unknown): { readonly tag: string; readonly val?: string } {
  return error instanceof StoreError && error.code === "FULL" ? { tag: "database-full" } : ioFault(error);
}

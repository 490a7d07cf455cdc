import type { HostFunction } from "../../component/host-interface.ts";
import { OK, type Result, errOf, okOf } from "../results.ts";
import type { HostState } from "../state.ts";
import { Fields, type HeaderError } from "./fields.ts";

type Changed = Result<undefined, HeaderError>;

export const fieldsFunctions: Readonly<Record<string, HostFunction<HostState>>> = {
  "[constructor]fields": { call: (state) => Fields.empty(state.services.maxFieldBytes, state) },
  "[static]fields.from-list": { call: fromList },
  "[method]fields.get": { call: (_state, self: Fields, name: string) => self.get(name) },
  "[method]fields.has": { call: (_state, self: Fields, name: string) => self.has(name) },
  "[method]fields.set": {
    call: (_state, self: Fields, name: string, values: readonly Uint8Array[]) => changed(self.set(name, values)),
  },
  "[method]fields.delete": { call: (_state, self: Fields, name: string) => changed(self.delete(name)) },
  "[method]fields.append": {
    call: (_state, self: Fields, name: string, value: Uint8Array) => changed(self.append(name, value)),
  },
  "[method]fields.entries": { call: (_state, self: Fields) => self.entries() },
  "[method]fields.clone": { call: (state, self: Fields) => self.clone(state) },
};

function fromList(state: HostState, entries: readonly (readonly [string, Uint8Array])[]): Result<Fields, HeaderError> {
  const fields = Fields.empty(state.services.maxFieldBytes, state);
  for (const [name, value] of entries) {
    const error = fields.append(name, value);
    if (error === undefined) continue;
    fields.drop();
    return errOf(error);
  }
  return okOf(fields);
}

function changed(error: HeaderError | undefined): Changed {
  return error === undefined ? OK : errOf(error);
}

import { messageOf } from "@rcm/lib/errors";
import type { HostInterface } from "../../component/host-interface.ts";
import { answer } from "../answer.ts";
import { VariableError } from "../errors.ts";
import type { Result } from "../results.ts";
import { variablesOf } from "../spin/variables.ts";
import type { HostState } from "../state.ts";

/** A Spin component's variables, by WASI's name. */
const store: HostInterface<HostState> = {
  name: "wasi:config/store",
  version: "0.2.0-draft-2024-09-27",
  functions: {
    get: { call: get, blocking: true },
    "get-all": { call: getAll, blocking: true },
  },
  resources: {},
};

export const configInterfaces = [store] as const;

async function get(state: HostState, key: string): Promise<Result<unknown, unknown>> {
  return answer(
    state,
    async (signal) => {
      try {
        return await variablesOf(state).get(key, signal);
      } catch (error) {
        if (error instanceof VariableError && isAbsent(error)) return undefined;
        throw error;
      }
    },
    faultOf,
  );
}

async function getAll(state: HostState): Promise<Result<unknown, unknown>> {
  return answer(state, async (signal) => variablesOf(state).all(signal), faultOf);
}

function isAbsent({ code }: VariableError): boolean {
  return code === "undefined" || code === "invalid-name";
}

function faultOf(error: unknown): { readonly tag: "upstream" | "io"; readonly val: string } {
  const isUpstream = error instanceof VariableError && error.code === "provider";
  return { tag: isUpstream ? "upstream" : "io", val: messageOf(error) };
}

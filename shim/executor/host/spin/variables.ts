import { messageOf } from "@rcm/lib/errors";
import type { HostInterface } from "../../component/host-interface.ts";
import { answer } from "../answer.ts";
import { VariableError } from "../errors.ts";
import type { Result } from "../results.ts";
import type { VariableFault, VariableSource } from "../spin-services.ts";
import type { HostState } from "../state.ts";

export const variables: HostInterface<HostState> = {
  name: "fermyon:spin/variables",
  version: "2.0.0",
  functions: { get: { call: get, blocking: true } },
  resources: {},
};

/** @throws {VariableError} if the component belongs to no Spin application. */
export function variablesOf({ services }: HostState): VariableSource {
  if (services.spin === undefined) {
    throw new VariableError("other", "Cannot read a variable: the component belongs to no Spin application");
  }
  return services.spin.variables;
}

async function get(state: HostState, name: string): Promise<Result<unknown, unknown>> {
  return answer(state, async (signal) => variablesOf(state).get(name, signal), faultOf);
}

function faultOf(error: unknown): { readonly tag: VariableFault; readonly val: string } {
  return { tag: error instanceof VariableError ? error.code : "other", val: messageOf(error) };
}

import { messageOf } from "@rcm/lib/errors";
import type { HostInterface } from "../../../component/host-interface.ts";
import { answer } from "../../answer.ts";
import { VariableError } from "../../errors.ts";
import type { Result } from "../../results.ts";
import type { HostState } from "../../state.ts";
import { variablesOf } from "../variables.ts";

/** Of the SDKs for Spin 1: what is now called variables. */
export const legacyConfig: HostInterface<HostState> = {
  name: "fermyon:spin/config",
  version: undefined,
  functions: { "get-config": { call: getConfig, blocking: true } },
  resources: {},
};

const FAULTS = { "invalid-name": "invalid-key", undefined: "provider", provider: "other", other: "other" } as const;

async function getConfig(state: HostState, key: string): Promise<Result<unknown, object>> {
  return answer(
    state,
    async (signal) => variablesOf(state).get(key, signal),
    (error) => ({ tag: error instanceof VariableError ? FAULTS[error.code] : "other", val: messageOf(error) }),
  );
}

import { SPIN_GROUP, SPIN_OLDER_GROUP } from "@rcm/crds";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { SpinGroup } from "./app-id.ts";
import { executor, spinApp } from "./build-examples.ts";
import { chooseExecutor, type Candidate } from "./choose-executor.ts";

function candidate(name: string, group: SpinGroup = SPIN_GROUP): Candidate {
  return { group, executor: executor({ runtimeClassName: group }, name) };
}

describe("chooseExecutor()", () => {
  const older = candidate("shim", SPIN_OLDER_GROUP);
  const usual = candidate("containerd-shim-spin");
  const cases: readonly [
    says: string,
    input: { readonly wanted?: string; readonly before?: string; readonly group?: SpinGroup },
    candidates: readonly Candidate[],
    chosen: number | undefined,
  ][] = [
    ["takes the one that is named", { wanted: "shim" }, [candidate("a"), candidate("shim")], 1],
    ["finds none of the name", { wanted: "shim" }, [candidate("a")], undefined],
    ["takes the one of the SpinApp's group", { wanted: "shim" }, [older, candidate("shim")], 1],
    ["and so in the older group", { wanted: "shim", group: SPIN_OLDER_GROUP }, [candidate("shim"), older], 1],
    ["else that of the other group", { wanted: "shim" }, [older], 0],
    ["takes the usual one when none is named", {}, [candidate("a"), usual], 1],
    ["takes the first by name when there is no usual one", { wanted: "" }, [candidate("b"), candidate("a")], 1],
    ["stays with the one in use", { before: "b" }, [candidate("a"), candidate("b"), usual], 1],
    ["unless that is gone", { before: "b" }, [candidate("a"), usual], 1],
    ["finds none where there is none", {}, [], undefined],
  ];
  for (const [says, { wanted, before, group = SPIN_GROUP }, candidates, chosen] of cases) {
    it(says, () => {
      const app = spinApp({ executor: wanted ?? "" }, before === undefined ? undefined : { activeScheduler: before });
      const found = chooseExecutor(group, app, candidates);
      expect(found).to.equal(chosen === undefined ? undefined : candidates[chosen]);
    });
  }
});

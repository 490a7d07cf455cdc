import { expect } from "chai";
import * as cases from "./support/ctr-cases.ts";
import { Ctr } from "./support/ctr.ts";
import { differences } from "./support/differences.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";

const CASES: Readonly<Record<string, cases.CtrCase>> = {
  "exit codes": cases.exitCodes,
  "output of both kinds, little and much": cases.output,
  "input to its end": cases.input,
  "a terminal and its size": cases.terminal,
  "signals, caught and not": cases.signals,
  "list, ps, metrics, kill and delete of a task": cases.tasks,
  "pause and resume": cases.pause,
  "exec with and without a terminal": cases.exec,
  "mounts, limits and other options": cases.options,
  "output to a file, to a program and to nobody": cases.logUris,
  "what is refused": cases.refusals,
};

describeOnEach("ctr, beside runc's shim", ({ containerd, it }) => {
  for (const [title, run] of Object.entries(CASES)) {
    it(`is served the same: ${title}`, async () => {
      const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
      const ends = await Promise.allSettled(
        (["runc", "spin"] as const).map(async (label) => run(new Ctr(containerd(), label, signal))),
      );
      const [expected, seen] = ends.map((end, index) => {
        if (end.status === "fulfilled") return withoutLabels(end.value);
        throw new Error(`With ${index === 0 ? "runc's shim" : "the shim under test"}: ${String(end.reason)}`, {
          cause: end.reason,
        });
      });
      expect(differences(expected, seen)).to.deep.equal([]);
    });
  }
});

function withoutLabels(value: unknown): unknown {
  const text = JSON.stringify(value).replaceAll(/-(runc|spin)\b/g, "-LABEL");
  return JSON.parse(text) as unknown;
}

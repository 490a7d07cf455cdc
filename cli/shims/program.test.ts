import { expect } from "chai";
import { describe, it } from "mocha";
import { firstProblem, run, type Outcome } from "../build-examples.ts";
import { flagsOf, rootHelp } from "../help.ts";
import { KUBECTL_SHIM } from "./program.ts";

async function shim(...args: readonly string[]): Promise<Outcome> {
  return run(args, { program: KUBECTL_SHIM });
}

describe("kubectl shim", () => {
  it("describes itself as kubectl calls it", async () => {
    for (const args of [[], ["--help"], ["help"]]) {
      expect(await shim(...args)).to.deep.equal({ code: 0, stdout: rootHelp(KUBECTL_SHIM), stderr: "" });
    }
    expect(rootHelp(KUBECTL_SHIM)).to.include("Usage:\n  kubectl shim [command]\n");
    expect((await shim("--version")).stdout).to.match(/^kubectl shim version \d+\.\d+\.\d+\n$/);
  });

  for (const command of KUBECTL_SHIM.commands) {
    it(`describes every flag of ${command.name}`, async () => {
      const { code, stdout } = await shim("help", command.name);
      expect(code).to.equal(0);
      expect(stdout).to.include(`Usage:\n  kubectl shim ${command.name} `);
      for (const name of Object.keys(flagsOf(command))) expect(stdout).to.include(` --${name}`);
    });
  }

  for (const [args, problem] of [
    [["nope"], 'unknown command "nope" for "kubectl shim"'],
    [["status", "a", "b"], "accepts at most 1 arg(s), received 2"],
    [["status", "-n", "default"], "unknown shorthand flag: 'n' in -n"],
    [["wait"], "no shim specified: kubectl get shims lists them"],
    [["logs"], "no shim specified: kubectl get shims lists them"],
    [["retry", ""], "no shim specified: kubectl get shims lists them"],
    [["pause"], "no shim specified: kubectl get shims lists them"],
    [
      ["wait", "a", "--timeout", "soon"],
      'invalid argument "soon" for "--timeout" flag: it must be a time such as 30s or 1m30s',
    ],
  ] as const) {
    it(`refuses ${args.join(" ")}: ${problem}`, async () => {
      const outcome = await shim(...args);
      expect([outcome.code, outcome.stdout, firstProblem(outcome)]).to.deep.equal([1, "", `Error: ${problem}`]);
    });
  }
});

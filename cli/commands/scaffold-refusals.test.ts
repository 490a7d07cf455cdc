import { expect } from "chai";
import { describe, it } from "mocha";
import { firstProblem, run } from "../build-examples.ts";

const IMAGE = "ghcr.io/foo/example-app:v0.1.0";
const RULE = "it must begin with a letter and have lower case letters, digits and dashes only, at most 52 of them";
const OBJECT_RULE =
  "it must be the name of an object: lower case letters, digits, dashes and dots, at most 253 of them";
const HPA_FLAGS = ["--autoscaler", "hpa", "--cpu-limit", "100m", "--memory-limit", "128Mi"];

describe("kube scaffold", () => {
  const refusals: readonly [flags: readonly string[], problem: string][] = [
    [["--replicas=-1", "--from", "A"], "the minimum replica count (-1) must be greater than 0"],
    [["--replicas", "-1"], "the minimum replica count (-1) must be greater than 0"],
    [["--from", "A", "--autoscaler", "x"], "invalid image reference provided: 'A'"],
    [
      ["--autoscaler", "x", "--max-replicas=-1"],
      "invalid autoscaler type 'x'; the autoscaler type must be either 'hpa' or 'keda'",
    ],
    [["--autoscaler", "hpa", "--max-replicas=-1"], "the maximum replica count (-1) must be equal to or greater than 0"],
    [
      ["--autoscaler", "keda", "-r", "4"],
      "the minimum replica count (4) must be less than or equal to the maximum replica count (3)",
    ],
    [["--autoscaler", "hpa"], "cpu limits must be set when autoscaling is enabled"],
    [["--autoscaler", "hpa", "--cpu-limit", "x"], "memory limits must be set when autoscaling is enabled"],
    [
      [...HPA_FLAGS, "--autoscaler-target-cpu-utilization", "0", "--autoscaler-target-memory-utilization", "0"],
      "target cpu utilization percentage (0) must be between 1 and 100",
    ],
    [
      [...HPA_FLAGS, "--autoscaler-target-memory-utilization", "101"],
      "target memory utilization percentage (101) must be between 1 and 100",
    ],
    [
      [...HPA_FLAGS, "-r", "0"],
      "the minimum replica count (0) must be at least 1 with --autoscaler: what is scaled by its use of cpu and memory must run",
    ],
    [
      ["-f", "a/my_app", "-c", "none"],
      `Cannot use the image's name "my_app" as the application's: ${RULE}: give another one with --name`,
    ],
    [["-f", "1app"], `Cannot use the image's name "1app" as the application's: ${RULE}: give another one with --name`],
    [["--name", "a.b"], `Cannot use "a.b" as --name: ${RULE}`],
    [["--name", "a".repeat(53)], `Cannot use "${"a".repeat(53)}" as --name: ${RULE}`],
    [["--name", "a-"], `Cannot use "a-" as --name: ${RULE}`],
    [["--cpu-limit", "lots"], 'Cannot use "lots" as --cpu-limit: it must be a quantity such as 100m or 0.5'],
    [["--memory-request", "-1"], 'Cannot use "-1" as --memory-request: it must be a quantity such as 128Mi or 1Gi'],
    [
      ["--cpu-limit", "0.1", "--cpu-request", "101m"],
      'Cannot use "101m" as --cpu-request: it is more than --cpu-limit 0.1: lower it or raise the limit',
    ],
    [
      ["--memory-limit", "1M", "--memory-request", "1Mi"],
      'Cannot use "1Mi" as --memory-request: it is more than --memory-limit 1M: lower it or raise the limit',
    ],
    [
      ["-v", "no-dashes=1"],
      'invalid argument "no-dashes" for "-v, --variable" flag: a variable has letters, digits and underscores only, and no digit at its beginning',
    ],
    [
      ["-v", "a=1,A=2"],
      'invalid argument "a" for "-v, --variable" flag: it is there before (upper and lower case are the same): remove one',
    ],
    [
      ["-v", "a=1", "--variable-from-secret", "a=s/k"],
      'invalid argument "a" for "--variable-from-secret" flag: it is there before (upper and lower case are the same): remove one',
    ],
    [
      ["--variable-from-secret", "a=s"],
      'invalid argument "a=s" for "--variable-from-secret" flag: it must be variable=secret/key',
    ],
    [["-n", "No"], 'invalid argument "No" for "-n, --namespace" flag: it must be the name of a namespace'],
    [["more"], "accepts at most 0 arg(s), received 1"],
  ];
  for (const [flags, problem] of refusals) {
    it(`refuses ${flags.join(" ").slice(0, 70)}: ${problem}`, async () => {
      const outcome = await run(["scaffold", "--from", IMAGE, ...flags]);
      expect([outcome.code, outcome.stdout, firstProblem(outcome)]).to.deep.equal([1, "", `Error: ${problem}`]);
      expect(outcome.stderr).to.include("\nUsage:\n  kube scaffold [flags]\n");
    });
  }

  for (const [flag, label, name] of [
    ["--executor", "--executor", "Spin"],
    ["--service-account-name", "--service-account-name", "a_b"],
    ["-s", "-s, --image-pull-secret", "a b"],
    ["-s", "-s, --image-pull-secret", "a..b"],
    ["-s", "-s, --image-pull-secret", "a".repeat(254)],
  ] as const) {
    it(`refuses ${flag} ${name.slice(0, 20)}, which no object can be called`, async () => {
      const outcome = await run(["scaffold", "--from", IMAGE, flag, name]);
      expect(firstProblem(outcome)).to.equal(`Error: invalid argument "${name}" for "${label}" flag: ${OBJECT_RULE}`);
    });
  }

  it("refuses to go without an image", async () => {
    expect(firstProblem(await run(["scaffold"]))).to.equal('Error: required flag(s) "from" not set');
  });
});

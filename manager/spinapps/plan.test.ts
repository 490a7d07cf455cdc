import { expect } from "chai";
import { describe, it } from "mocha";
import { APP_ID, executor, externalExecutor, ownService, runningDeployment, spinApp } from "./build-examples.ts";
import { planCleanUp, planSpinApp, type Observed, type Step } from "./plan.ts";

const OURS = [
  { name: "app-old", uid: "1" },
  { name: "app-new", uid: "2" },
];

function observed(changes: Partial<Observed> = {}): Observed {
  const prepared = { secretName: undefined, toml: undefined, restartKey: undefined };
  const base = { id: APP_ID, app: spinApp(), executor: executor(), prepared, configSecrets: [] };
  return { ...base, deployment: runningDeployment(), service: ownService(), ...changes };
}

/** Steps in words: `applyDeployment!` is by force. */
function words(steps: readonly Step[]): readonly string[] {
  return steps.map(word);
}

function word(step: Step): string {
  if ("force" in step) return `${step.kind}${step.force ? "!" : ""}`;
  if (step.kind === "applySecret") return `${step.kind} ${step.object.metadata.name}`;
  if (step.kind === "handOverReplicas") return `${step.kind} ${step.replicas}`;
  return `${step.kind} ${step.kind === "deleteDeployment" ? step.uid : step.name}`;
}

describe("planSpinApp()", () => {
  const ca = executor({ runtimeClassName: "c", installDefaultCACerts: true });
  const mine = executor({ runtimeClassName: "c", installDefaultCACerts: true, caCertSecret: "mine" });
  const fresh = { secretName: "app-new", toml: "a = 1", restartKey: undefined };
  const known = { secretName: "app-new", toml: undefined, restartKey: undefined };
  const auto = spinApp({ enableAutoscaling: true });
  const stranger = { owner: "other" };
  const cases: readonly [says: string, changes: Partial<Observed>, steps: readonly string[]][] = [
    ["makes both without force", { deployment: undefined, service: undefined }, ["applyDeployment", "applyService"]],
    ["changes its own by force", {}, ["applyDeployment!", "applyService!"]],
    [
      "does not force what is not its own",
      { deployment: runningDeployment(stranger), service: ownService(stranger) },
      ["applyDeployment", "applyService"],
    ],
    [
      "brings certificates first",
      { executor: ca },
      ["installCertificates spin-ca", "applyDeployment!", "applyService!"],
    ],
    [
      "under the name that is wanted",
      { executor: mine },
      ["installCertificates mine", "applyDeployment!", "applyService!"],
    ],
    [
      "writes a new configuration first",
      { prepared: fresh },
      ["applySecret app-new", "applyDeployment!", "applyService!"],
    ],
    ["writes no configuration that is there", { prepared: known }, ["applyDeployment!", "applyService!"]],
    ["hands the number of pods over", { app: auto }, ["handOverReplicas 2", "applyDeployment!", "applyService!"]],
    [
      "hands over nothing that it does not own",
      { app: auto, deployment: runningDeployment({ ownsReplicas: false }) },
      ["applyDeployment!", "applyService!"],
    ],
    [
      "removes the Deployment for an executor that makes none",
      { executor: externalExecutor() },
      ["deleteDeployment d", "applyService!"],
    ],
    [
      "but not a stranger's",
      { executor: externalExecutor(), deployment: runningDeployment(stranger) },
      ["applyService!"],
    ],
  ];
  for (const [says, changes, steps] of cases) {
    it(says, () => expect(words(planSpinApp(observed(changes)))).to.deep.equal(steps));
  }

  it("sends the Secret with the text in it", () => {
    const [step] = planSpinApp(observed({ prepared: fresh }));
    expect(step).to.have.deep.nested.property("object.data", {
      "runtime-config.toml": Buffer.from("a = 1").toString("base64"),
    });
  });
});

describe("planCleanUp()", () => {
  const prepared = { secretName: "app-new", toml: undefined, restartKey: undefined };
  const base = { prepared, configSecrets: OURS };
  const cases: readonly [says: string, changes: Partial<Observed>, steps: readonly string[]][] = [
    ["removes what the rollout has left behind", {}, ["deleteSecret app-old"]],
    ["keeps all during a rollout", { deployment: runningDeployment({ replicas: 3 }) }, []],
    ["keeps all while there is no Deployment", { deployment: undefined }, []],
    [
      "removes all when nothing is configured",
      { prepared: { ...prepared, secretName: undefined } },
      ["deleteSecret app-old", "deleteSecret app-new"],
    ],
    [
      "removes all for an executor that makes no Deployment",
      { executor: externalExecutor(), deployment: undefined },
      ["deleteSecret app-old", "deleteSecret app-new"],
    ],
  ];
  for (const [says, changes, steps] of cases) {
    it(says, () => expect(words(planCleanUp(observed({ ...base, ...changes })))).to.deep.equal(steps));
  }
});

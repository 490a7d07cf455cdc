import { KubeError, type KubeErrorCode } from "@rcm/lib/kube";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { Step } from "./plan.ts";
import { isServerError, POLL_MS, setbackOf } from "./setback.ts";

const OBJECT = { metadata: { name: "app" } };
const STEPS = {
  deployment: { kind: "applyDeployment", object: OBJECT, force: false },
  service: { kind: "applyService", object: OBJECT, force: false },
  secret: { kind: "applySecret", object: OBJECT },
  removal: { kind: "deleteSecret", name: "s", uid: "u" },
} as const satisfies Readonly<Record<string, Step>>;

describe("setbackOf()", () => {
  const cases: readonly [
    step: keyof typeof STEPS,
    code: KubeErrorCode,
    reason: string | undefined,
    retryMs: number | undefined,
  ][] = [
    ["deployment", "Conflict", "NameConflict", POLL_MS],
    ["service", "Conflict", "NameConflict", POLL_MS],
    ["deployment", "Invalid", "DeploymentRefused", POLL_MS],
    ["service", "Invalid", "ServiceRefused", POLL_MS],
    ["secret", "Invalid", "SecretRefused", POLL_MS],
    ["deployment", "Forbidden", "Forbidden", POLL_MS],
    ["secret", "Conflict", undefined, undefined],
    ["removal", "Unavailable", undefined, undefined],
  ];
  for (const [step, code, reason, retryMs] of cases) {
    it(`${code} to a ${step} is ${reason ?? "an error"}`, () => {
      const setback = setbackOf(STEPS[step], "app", new KubeError(code, "the server's words"));
      expect(setback?.problem.reason).to.equal(reason);
      expect(setback?.retryMs).to.equal(retryMs);
    });
  }

  it("tells errors of the server from a server that is away", () => {
    expect(isServerError(new KubeError("Unavailable", "duplicate entries", { status: 500 }))).to.equal(true);
    expect(isServerError(new KubeError("Unavailable", "it is starting", { status: 503 }))).to.equal(false);
    expect(isServerError(new Error("odd"))).to.equal(false);
  });

  it("is none of what is not the server's", () => {
    expect(setbackOf(STEPS.deployment, "app", new Error("odd"))).to.equal(undefined);
  });
});

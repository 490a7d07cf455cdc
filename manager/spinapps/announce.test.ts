import { expect } from "chai";
import { describe, it } from "mocha";
import { announcementOf } from "./announce.ts";
import { APP_ID, spinApp } from "./build-examples.ts";
import type { SpinAppStatusJson } from "./spinapp-object.ts";

function status(reason: string, message = "m", is: "True" | "False" = "False"): SpinAppStatusJson {
  const condition = { type: "Ready", status: is, reason, message, lastTransitionTime: "2026-01-01T00:00:00Z" };
  return { readyReplicas: 0, conditions: [condition] };
}

describe("announcementOf()", () => {
  const counted = "cannot be pulled (0 of 2 pods are available, 1 have the present spec)";
  const later = "cannot be pulled (1 of 2 pods are available, 2 have the present spec)";
  const cases: readonly [
    says: string,
    before: SpinAppStatusJson | undefined,
    now: SpinAppStatusJson,
    note: string | undefined,
  ][] = [
    ["a problem", undefined, status("KeyNotFound"), "m"],
    ["another problem", status("SecretNotFound"), status("KeyNotFound"), "m"],
    ["the same problem elsewhere", status("KeyNotFound", "a"), status("KeyNotFound", "b"), "b"],
    ["nothing that was said", status("KeyNotFound"), status("KeyNotFound"), undefined],
    ["nothing for other numbers", status("Odd", counted), status("Odd", later), undefined],
    ["nothing of a rollout", status("Running"), status("Progressing"), undefined],
    ["nothing of one that runs", status("KeyNotFound"), status("Running", "m", "True"), undefined],
    ["nothing where nothing is known", undefined, { readyReplicas: 0 }, undefined],
  ];
  for (const [says, before, now, note] of cases) {
    it(`tells ${says}`, () => {
      const event = announcementOf(APP_ID, spinApp({}, before), now);
      expect(event?.note).to.equal(note);
    });
  }

  it("is about the SpinApp in its group", () => {
    expect(announcementOf(APP_ID, spinApp(), status("KeyNotFound"))).to.deep.equal({
      regarding: {
        apiVersion: "core.spinkube.dev/v1alpha1",
        kind: "SpinApp",
        name: "app",
        namespace: "ns",
        uid: "app-uid",
      },
      type: "Warning",
      reason: "KeyNotFound",
      action: "Reconcile",
      note: "m",
    });
  });
});

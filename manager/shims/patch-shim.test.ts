import type { Kube } from "@rcm/lib/kube";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ObjectStore } from "../runtime/store.ts";
import { exampleShim } from "./build-examples.ts";
import { Overlay } from "./overlay.ts";
import { patchShim } from "./patch-shim.ts";
import type { ShimObject } from "./shim-object.ts";

const PATCH = { kind: "merge", subresource: "status", body: {} } as const;
const NEVER = new AbortController().signal;

describe("patchShim()", () => {
  const before = exampleShim({}, { resourceVersion: "9" });
  const answer = exampleShim({}, { resourceVersion: "10" });
  const edited = exampleShim({ paused: true }, { resourceVersion: "11", generation: 2 });
  for (const [what, shown, seen] of [
    ["shows the answer until the watch has caught up", before, "10"],
    ["does not hide an edit that the watch shows before the answer comes", edited, "11"],
  ] as const) {
    it(what, async () => {
      const store = new ObjectStore<ShimObject>();
      store.set("spin-v2", before);
      const writtenShims = new Overlay<ShimObject>();
      const patch = (async () => {
        store.set("spin-v2", shown);
        return Promise.resolve(answer);
      }) as Kube["patch"];
      await patchShim({ kube: { patch }, cache: { shims: { store }, writtenShims } }, before, PATCH, NEVER);
      const cached = store.get("spin-v2") ?? before;
      expect(writtenShims.see(cached).metadata.resourceVersion).to.equal(seen);
      expect(writtenShims.see(cached).metadata.resourceVersion).to.equal(seen);
    });
  }
});

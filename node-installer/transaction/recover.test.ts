import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { createSampleHost } from "../testing/sample-host.ts";
import type { SampleHost } from "../testing/sample-host.ts";
import { readJournal, writeJournal } from "./journal.ts";
import { recover } from "./recover.ts";

describe("recover()", () => {
  let host: SampleHost;
  beforeEach(async () => {
    host = await createSampleHost({ inPod: true });
  });
  afterEach(async () => host.remove());

  it("leaves a change made by hand that a Job can see a part of only", async () => {
    const { root } = host.context.store;
    const names = { id: "i", shim: "s", handler: "h", operation: "install", phase: "prepared", bootId: "b" } as const;
    const files = [{ path: "/usr/share/containerd/config.toml", before: undefined, after: "a" }];
    const link = { before: undefined, after: undefined };
    await writeJournal(root, { schema: 1, ...names, files, folders: [], link });
    const error: unknown = await recover(host.context, AbortSignal.timeout(1000)).catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "ConfigUnsupported");
    expect(await readJournal(root)).to.have.property("id", "i");
  });
});

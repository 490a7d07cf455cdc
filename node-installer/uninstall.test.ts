import { mkdir } from "node:fs/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { writeRecord } from "./record.ts";
import { createSampleHost, SAMPLE_REQUEST } from "./testing/sample-host.ts";
import type { SampleHost } from "./testing/sample-host.ts";
import { uninstall } from "./uninstall.ts";

describe("uninstall()", () => {
  let host: SampleHost;
  beforeEach(async () => {
    host = await createSampleHost();
  });
  afterEach(async () => host.remove());

  it("ends what one left that was killed before it took its folders away", async () => {
    const before = await host.listing();
    const folder = host.at("etc/containerd/conf.d");
    await mkdir(folder);
    await mkdir(host.context.store.root, { recursive: true });
    await writeRecord(host.context.store.root, { schema: 1, shims: {}, foldersMade: [folder] });
    const { message } = await uninstall(host.context, SAMPLE_REQUEST, AbortSignal.timeout(10_000));
    expect(message).to.equal("Nothing to remove");
    expect(await host.listing()).to.deep.equal(before);
  });

  it("leaves a folder in which somebody else has put something", async () => {
    const folder = host.at("etc/containerd/conf.d");
    await host.write("etc/containerd/conf.d/theirs.toml", "version = 3\n");
    await mkdir(host.context.store.root, { recursive: true });
    await writeRecord(host.context.store.root, { schema: 1, shims: {}, foldersMade: [folder] });
    await uninstall(host.context, SAMPLE_REQUEST, AbortSignal.timeout(10_000));
    expect(await host.listing()).to.include("etc/containerd/conf.d/theirs.toml");
  });
});

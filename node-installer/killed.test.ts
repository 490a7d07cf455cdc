import { readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Context } from "./context.ts";
import { sampleElf } from "./fetch/testing/sample-elf.ts";
import type { HostLinks } from "./host/links.ts";
import { install } from "./install.ts";
import { killedAt } from "./testing/killed-at.ts";
import { createSampleHost, SAMPLE_REQUEST, type SampleHost } from "./testing/sample-host.ts";
import { scratchFolder } from "./transaction/journal.ts";
import { uninstall } from "./uninstall.ts";

/** Each of its hundred operations waits for the disk several times. */
const TIMEOUT_MS = 120_000;
const OTHER = { ...SAMPLE_REQUEST, shim: "other-v1", handler: "other" };

describe("an installer that is killed at every change of a file, and the next one in its recovery", () => {
  let host: SampleHost;
  let context: Context;
  beforeEach(async () => {
    host = await createSampleHost();
    await writeFile(host.at(SAMPLE_REQUEST.shim), sampleElf());
    await writeFile(host.at(OTHER.shim), sampleElf({ payload: Buffer.from("another program") }));
    const { links, store } = host.context;
    context = { ...host.context, scratch: scratchFolder(store.root), links: withoutProcesses(links) };
  });
  afterEach(async () => host.remove());

  async function installed(request = SAMPLE_REQUEST): Promise<unknown> {
    return install(context, request, host.at(request.shim), limit());
  }

  async function uninstalled(): Promise<unknown> {
    return uninstall(context, SAMPLE_REQUEST, limit());
  }

  /** Names of all that is there, and containerd's configuration. */
  async function state(): Promise<unknown> {
    return [await host.listing(), await readFile(host.at("etc/containerd/config.toml"), "utf8")];
  }

  it("leaves nothing of an install to the third, beside another shim", async () => {
    await installed(OTHER);
    const clean = await state();
    let step = 0;
    for (let isKilled = true; isKilled;) {
      step += 1;
      isKilled = await killedAt(step, installed);
      await killedAt(again(step), step % 2 === 0 ? installed : uninstalled);
      await uninstalled();
      expect(await state(), `killed at change ${step}`).to.deep.equal(clean);
    }
    expect(step).to.be.greaterThan(30);
  }).timeout(TIMEOUT_MS);

  it("leaves nothing of an uninstall to the third", async () => {
    const clean = await state();
    let step = 0;
    for (let isKilled = true; isKilled;) {
      step += 1;
      await installed();
      isKilled = await killedAt(step, uninstalled);
      await killedAt(again(step), uninstalled);
      await uninstalled();
      expect(await state(), `killed at change ${step}`).to.deep.equal(clean);
    }
    expect(step).to.be.greaterThan(30);
  }).timeout(TIMEOUT_MS);
});

/** To look at all processes of the machine takes long, and none of them runs a sample. */
function withoutProcesses(links: HostLinks): HostLinks {
  return {
    ...links,
    run: async (argv, ...rest) =>
      argv[0] === "/bin/sh" ? { exitCode: 0, stdout: "", stderr: "" } : links.run(argv, ...rest),
  };
}

/** Some step of what comes next: another each time, in no order. */
function again(step: number): number {
  return 1 + ((step * 7) % 41);
}

function limit(): AbortSignal {
  return AbortSignal.timeout(10_000);
}

import { TERMINAL_REASONS } from "@rcm/lib/install-job";
import type { Reason } from "@rcm/lib/install-job";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { MACHINE_ADDRESS } from "../cluster/index.ts";
import { sha256 } from "../support/artifact-server.ts";
import { isProvisioned, serveShim, shimManifest, stateOf, waitForShim } from "../support/deployment.ts";
import type { Artifact } from "../support/deployment.ts";
import { cleanUp, expectOrdinaryPods, jobsOf, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { archiveOf, programForAnotherArchitecture } from "../support/hostile-archives.ts";
import { NODES } from "../support/node-host.ts";

/** Fetching does not depend on containerd's version, so each fault is planted on one node only. */
interface Fault {
  readonly what: string;
  readonly reason: Reason;
  /** Parts of the message: what is the case, and what to do. */
  readonly words: readonly string[];
  /** What the server sends; `name` is the executable's that the Shim wants. */
  readonly body?: (good: Buffer, name: string) => Buffer;
  readonly status?: number;
  /** In place of the server's. */
  readonly location?: string;
  /** In place of the body's. */
  readonly sha256?: string;
}

const FAULTS: readonly Fault[] = [
  { what: "an address that is not there", reason: "ArtifactNotFound", words: ["404", "check the location"] },
  {
    what: "a server that fails",
    reason: "ArtifactUnavailable",
    words: ["500", "the server is in trouble"],
    status: 500,
  },
  { what: "a door that is closed", reason: "ArtifactForbidden", words: ["403", "must be readable"], status: 403 },
  {
    what: "a server that is not there",
    reason: "ArtifactUnavailable",
    words: ["ECONNREFUSED"],
    location: `http://${MACHINE_ADDRESS}:9/shim.tar.gz`,
  },
  {
    what: "a page in place of an archive",
    reason: "ArtifactNotAnArchive",
    words: ["<html>"],
    body: () => Buffer.from("<html>hello</html>"),
  },
  { what: "another digest", reason: "DigestMismatch", words: ["sha256"], body: (good) => good, sha256: "0".repeat(64) },
  {
    what: "an archive that is cut off",
    reason: "ArchiveCorrupt",
    words: [],
    body: (good) => good.subarray(0, good.length / 2),
  },
  {
    what: "an archive with a link",
    reason: "ArchiveRefused",
    words: ["SymbolicLink"],
    body: (_good, path) => archiveOf({ kind: "link", path, target: "/etc/passwd" }),
  },
  {
    what: "an archive with a device",
    reason: "ArchiveRefused",
    words: ["CharacterDevice"],
    body: (_good, path) => archiveOf({ kind: "device", path }),
  },
  {
    what: "an archive that leads out of itself",
    reason: "ArchiveRefused",
    words: ['".."'],
    body: (_good, path) => archiveOf({ kind: "program", path: `../${path}` }),
  },
  {
    what: "an archive with an absolute path",
    reason: "ArchiveRefused",
    words: ["absolute path"],
    body: (_good, path) => archiveOf({ kind: "program", path: `/opt/rcm/${path}` }),
  },
  {
    what: "an archive with two programs",
    reason: "ArchiveRefused",
    words: ["only one file may be"],
    body: (_good, path) => archiveOf({ kind: "program", path }, { kind: "program", path: "containerd-shim-more-v1" }),
  },
  {
    what: "an archive without the shim",
    reason: "ShimNotInArchive",
    words: ["containerd-shim-"],
    body: () => archiveOf({ kind: "text", path: "README" }),
  },
  {
    what: "a program for another architecture",
    reason: "WrongArchitecture",
    words: ["it is a program for", "the node is"],
    body: programForAnotherArchitecture,
  },
  {
    what: "a text in place of a program",
    reason: "NotExecutable",
    words: [],
    body: (_good, path) => archiveOf({ kind: "text", path }),
  },
];

describe("a Shim whose artifact cannot be installed", () => {
  let stage: Stage;
  let good: Artifact;
  let clean: readonly string[] = [];
  let starts: readonly string[] = [];
  before(async () => {
    stage = await openStage();
    good = await serveShim(stage.server, "good-v1", "good");
    clean = await stage.listings();
    starts = await stage.containerdStarts();
    await apply(FAULTS.map((fault, at) => faulty(fault, at)));
  });
  after(async () => {
    await cleanUp(stage);
    await stage.close();
  });

  async function apply(items: readonly object[]): Promise<void> {
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  }

  function faulty(fault: Fault, at: number): object {
    const path = `/fault-${at}`;
    const bytes = fault.body?.(goodBytes(), `containerd-shim-${nameOf(at)}`);
    const { status } = fault;
    if (status !== undefined) stage.server.handle(path, (_request, response) => response.writeHead(status).end("no"));
    else if (bytes !== undefined) stage.server.serve(path, bytes);
    const digest = fault.sha256 ?? (bytes === undefined ? "0".repeat(64) : sha256(bytes));
    return shimOn(at, fault.location ?? stage.server.url(path), digest);
  }

  function goodBytes(): Buffer {
    return stage.server.bytes(good.path) ?? expect.fail("no artifact");
  }

  for (const [at, { what, reason, words }] of FAULTS.entries()) {
    it(`because of ${what} says ${reason} for the node, and what is the case`, async () => {
      const failed = await waitForShim(
        stage.kubectl,
        nameOf(at),
        90_000,
        (shim) => stateOf(shim, nodeOf(at))?.state === "Failed",
      );
      const { reason: said, message = "" } = stateOf(failed, nodeOf(at)) ?? expect.fail("no state");
      expect(said, message).to.equal(reason);
      for (const word of words) expect(message).to.include(word);
      expect(message).not.to.include("\n");
      expect(message.includes("not tried again")).to.equal(TERMINAL_REASONS.has(reason));
    });
  }

  it("has restarted no containerd, and ordinary pods start", async () => {
    expect(await stage.containerdStarts()).to.deep.equal(starts);
    await expectOrdinaryPods(stage.kubectl);
  });

  it("is not tried again where that cannot help", async () => {
    for (const [at, { reason }] of FAULTS.entries()) {
      if (TERMINAL_REASONS.has(reason)) expect(await jobsOf(stage.kubectl, nameOf(at)), reason).to.have.length(1);
    }
  });

  it("heals when it is corrected, and nobody touches a node", async () => {
    await apply(FAULTS.map((_fault, at) => shimOn(at, good.url, good.sha256)));
    for (const at of FAULTS.keys()) await waitForShim(stage.kubectl, nameOf(at), 150_000, isProvisioned);
    await expectOrdinaryPods(stage.kubectl);
  });

  it("leaves the hosts as they were when it is deleted", async () => {
    await cleanUp(stage);
    expect(await stage.listings()).to.deep.equal(clean);
  });
});

function shimOn(at: number, location: string, digest: string): object {
  const nodeSelector = { "kubernetes.io/hostname": nodeOf(at) };
  return shimManifest({ name: nameOf(at), nodeSelector, location, sha256: digest });
}

function nameOf(at: number): string {
  return `fault${at}-v1`;
}

function nodeOf(at: number): string {
  return NODES[at % NODES.length]?.name ?? "";
}

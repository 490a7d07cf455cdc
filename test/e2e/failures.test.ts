import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { sha256 } from "../support/artifact-server.ts";
import { isProvisioned, runPod, serveShim, shimManifest, stateOf, waitForShim } from "../support/deployment.ts";
import type { Artifact, NodeState, ShimJson, ShimOptions } from "../support/deployment.ts";
import { cleanUp, jobsOf, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { NODES } from "../support/node-host.ts";

const SHIM = "demo-v1";

describe("a Shim that cannot be installed", () => {
  let stage: Stage;
  let good: Artifact;
  let clean: readonly string[] = [];
  before(async () => {
    stage = await openStage();
    good = await serveShim(stage.server, SHIM, "good");
    clean = await stage.listings();
  });
  after(async () => {
    await cleanUp(stage);
    await stage.close();
  });
  let starts: readonly string[] = [];
  beforeEach(async () => {
    starts = await containerdStarts();
  });
  afterEach(async () => {
    await cleanUp(stage);
    expect(await stage.listings()).to.deep.equal(clean);
  });

  async function containerdStarts(): Promise<readonly string[]> {
    return Promise.all(stage.hosts.map(async (host) => host.containerdStart()));
  }

  async function apply(options: Partial<ShimOptions>): Promise<void> {
    const manifest = shimManifest({ name: SHIM, location: good.url, sha256: good.sha256, ...options });
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify(manifest));
  }

  async function waitFor(done: (state: NodeState | undefined, shim: ShimJson) => boolean): Promise<ShimJson> {
    return waitForShim(stage.kubectl, SHIM, 90_000, (shim) =>
      NODES.every(({ name }) => done(stateOf(shim, name), shim)),
    );
  }

  async function expectOrdinaryPods(): Promise<void> {
    await Promise.all(
      NODES.map(async ({ name }) => {
        const pod = `ordinary-${name}`;
        expect(await runPod(stage.kubectl, pod, name)).to.equal(`hello from ${pod}`);
        await stage.kubectl(["delete", "pod", pod, "--wait", "--grace-period=0", "--force"]);
      }),
    );
  }

  const FAULTS: readonly Fault[] = [
    { what: "an address that is not there", reason: "ArtifactNotFound", words: "404" },
    { what: "a server that answers 500", reason: "ArtifactUnavailable", words: "500", status: 500 },
    {
      what: "a page in place of an archive",
      reason: "ArtifactNotAnArchive",
      words: "<html>",
      body: () => Buffer.from("<html>hello</html>"),
    },
    {
      what: "another digest",
      reason: "DigestMismatch",
      words: "sha256",
      body: (bytes) => bytes,
      sha256: "0".repeat(64),
    },
    {
      what: "an archive that is cut off",
      reason: "ArchiveCorrupt",
      words: "",
      body: (bytes) => bytes.subarray(0, bytes.length / 2),
    },
    { what: "an archive with a link", reason: "ArchiveRefused", words: "Link", body: () => tarOf(["link"]) },
    {
      what: "an archive without the shim",
      reason: "ShimNotInArchive",
      words: `containerd-shim-${SHIM}`,
      body: () => tarOf(["README"]),
    },
    { what: "a program for another architecture", reason: "WrongArchitecture", words: "", body: otherArchitecture },
    {
      what: "a text in place of a program",
      reason: "NotExecutable",
      words: "",
      body: () => tarOf([`containerd-shim-${SHIM}`]),
    },
  ];
  for (const { what, reason, words, status, body, sha256: digest } of FAULTS) {
    it(`because of ${what} says ${reason}, touches no node, and heals with the corrected Shim`, async () => {
      const path = `/${reason}`;
      const bytes = body?.(readGood()) ?? Buffer.from("no");
      if (status !== undefined) stage.server.handle(path, (_request, response) => response.writeHead(status).end("no"));
      else if (body !== undefined) stage.server.serve(path, bytes);
      await apply({ location: stage.server.url(path), sha256: digest ?? sha256(bytes) });
      const failed = await waitFor((state) => state?.state === "Failed");
      for (const { name } of NODES) {
        const state = stateOf(failed, name);
        expect(state?.reason, state?.message).to.equal(reason);
        expect(state?.message).to.include(words);
      }
      expect(await containerdStarts()).to.deep.equal(starts);
      await apply({});
      await waitFor((_state, shim) => isProvisioned(shim));
    });
  }

  function readGood(): Buffer {
    return stage.server.bytes(good.path) ?? expect.fail("no artifact");
  }

  it("because its program cannot start pods is taken back on every node, and heals", async () => {
    const bytes = readFileSync("/bin/busybox");
    stage.server.serve("/busybox", bytes);
    await apply({ location: stage.server.url("/busybox"), sha256: sha256(bytes) });
    const failed = await waitFor((state) => state?.state === "RolledBack");
    for (const { name } of NODES) expect(stateOf(failed, name)?.reason).to.equal("ShimBroken");
    await expectOrdinaryPods();
    expect(await jobsOf(stage.kubectl, SHIM)).to.have.length(NODES.length);
    await apply({});
    await waitFor((_state, shim) => isProvisioned(shim));
    await expectOrdinaryPods();
  });

  it("because somebody else has the handler leaves that node as it is, and installs the others", async () => {
    const [host] = stage.hosts;
    if (host === undefined) throw new Error("There is no node");
    await host.out("cp -p /etc/containerd/config.toml /srv/config.toml");
    const foreign = `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${SHIM}]\\nruntime_type = "io.containerd.runc.v2"\\n`;
    await host.out(`printf '${foreign}' >> /etc/containerd/config.toml`);
    await apply({});
    const shim = await waitForShim(stage.kubectl, SHIM, 90_000, (one) => {
      const [first, ...others] = NODES.map(({ name }) => stateOf(one, name)?.state);
      return first === "Failed" && others.every((state) => state === "Proven");
    });
    const state = stateOf(shim, host.name);
    expect(state?.reason, state?.message).to.equal("HandlerConflict");
    expect(state?.message).to.include("/etc/containerd/config.toml");
    await expectOrdinaryPods();
    await host.out("cp -p /srv/config.toml /etc/containerd/config.toml; rm /srv/config.toml");
    await stage.kubectl(["annotate", "shim", SHIM, "runtime.spinkube.dev/retry=1"]);
    await waitFor((_state, one) => isProvisioned(one));
  });

  it("because /opt cannot be written says so", async () => {
    const [host] = stage.hosts;
    if (host === undefined) throw new Error("There is no node");
    await host.out("mount --bind /opt /opt && mount -o remount,bind,ro /opt");
    try {
      await apply({});
      const shim = await waitForShim(
        stage.kubectl,
        SHIM,
        150_000,
        (one) => stateOf(one, host.name)?.state === "Failed",
      );
      expect(stateOf(shim, host.name)?.reason).to.equal("ReadOnlyFileSystem");
    } finally {
      await host.out("umount /opt");
    }
    await stage.kubectl(["annotate", "shim", SHIM, "runtime.spinkube.dev/retry=1"]);
    await waitFor((_state, one) => isProvisioned(one));
  });

  it("because it has nothing for the platform says so, and makes no Job", async () => {
    const manifest = shimManifest({ name: SHIM, location: good.url, sha256: good.sha256 });
    const text = JSON.stringify(manifest).replace(/"arch":"\w+"/, '"arch":"s390x"');
    await stage.kubectl(["apply", "-f", "-"], text);
    const shim = await waitFor((state) => state?.state === "Unsupported");
    for (const { name } of NODES) expect(stateOf(shim, name)?.reason).to.equal("NoArtifactForPlatform");
    expect(await jobsOf(stage.kubectl, SHIM)).to.deep.equal([]);
  });
});

interface Fault {
  readonly what: string;
  readonly reason: string;
  /** Part of the message that says what is the case. */
  readonly words: string;
  readonly status?: number;
  readonly body?: (good: Buffer) => Buffer;
  readonly sha256?: string;
}

/** A tar archive with files of these names; "link" becomes a link of the shim's name. */
function tarOf(names: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "rcm-tar-"));
  try {
    const files = names.map((name) => {
      const file = name === "link" ? `containerd-shim-${SHIM}` : name;
      if (name === "link") symlinkSync("/etc/passwd", join(folder, file));
      else writeFileSync(join(folder, file), "hello\n");
      return file;
    });
    return execFileSync("tar", ["-C", folder, "-czf", "-", ...files]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The machine's own busybox, said to be for s390x (`e_machine` 22). */
function otherArchitecture(): Buffer {
  const bytes = Buffer.from(readFileSync("/bin/busybox"));
  bytes.writeUInt16LE(22, 18);
  return gzipSync(bytes);
}

import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { startApi, type RunningApi } from "../cluster/index.ts";
import { fieldsOf, type Schema } from "../support/crd-fields.ts";
import { createKubectl, type Kubectl } from "../support/kubectl.ts";
import { platform, shimManifest } from "../support/manager-bench.ts";

const TOP = join(import.meta.dirname, "../..");
const NEVER = new AbortController().signal;

interface CrdFile {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

let api: RunningApi;
let kubectl: Kubectl;

before(async () => {
  const dir = await mkdtemp(join(tmpdir(), "rcm-crd-"));
  api = await startApi({ dir: join(dir, "api") }, NEVER);
  kubectl = createKubectl(api.kubeconfig);
  await kubectl(["apply", "-k", join(TOP, "crds")]);
  await kubectl(["wait", "--for=condition=Established", "crd/shims.runtime.spinkube.dev", "--timeout=30s"]);
});

after(async () => {
  await api.stop(NEVER);
});

/** What the API server says against a manifest; empty when it takes it. */
async function refusal(manifest: string, verb: "create" | "apply" = "create"): Promise<string> {
  const mode = verb === "create" ? ["--dry-run=server"] : [];
  return kubectl([verb, ...mode, "-f", "-"], manifest).then(
    () => "",
    (reason: unknown) => String(reason),
  );
}

function platforms(...all: readonly object[]): Readonly<Record<string, unknown>> {
  return { fetchStrategy: { platforms: all } };
}

function rollout(rolloutStrategy: object): Readonly<Record<string, unknown>> {
  return { rolloutStrategy };
}

function toleration(only: object): Readonly<Record<string, unknown>> {
  return { tolerations: [only] };
}

function handler(name: string): Readonly<Record<string, unknown>> {
  return { runtimeClass: { name: "rc", handler: name } };
}

describe("the CRD refuses", () => {
  const location = "location must be an absolute http:// or https:// address";
  const sha256 = "sha256 in body should match";
  const update = "maxUpdate must be a number of at least 1 or a percentage from 1% to 100%";
  const cases: readonly [says: string, spec: Readonly<Record<string, unknown>>, message: string][] = [
    ["no source", { fetchStrategy: {} }, "no source is given: set fetchStrategy.platforms"],
    ["an empty list of sources", platforms(), "no source is given"],
    ["a relative address", platforms({ ...platform("a"), location: "a.tar.gz" }), location],
    ["another scheme", platforms({ ...platform("a"), location: "ftp://example.org/a" }), location],
    ["a file", platforms({ ...platform("a"), location: "file:///etc/passwd" }), location],
    ["an address without a host", platforms({ ...platform("a"), location: "https:///a" }), location],
    ["a short digest", platforms({ ...platform("a"), sha256: "abc" }), sha256],
    ["a digest with a prefix", platforms({ ...platform("a"), sha256: `sha256:${"a".repeat(57)}` }), sha256],
    ["no hexadecimal digest", platforms({ ...platform("a"), sha256: "g".repeat(64) }), sha256],
    [
      "a platform without an architecture",
      platforms({ os: "linux", location: "https://example.org" }),
      "arch: Required value",
    ],
    [
      "two sources for one platform",
      platforms(platform("a"), platform("b")),
      "two entries of platforms are for the same os and arch",
    ],
    [
      "and by other names",
      platforms(platform("a"), { ...platform("b"), arch: "X86_64", os: "Linux" }),
      "two entries of platforms",
    ],
    ["no RuntimeClass", { runtimeClass: undefined }, "spec.runtimeClass: Required value"],
    ["no handler", { runtimeClass: { name: "rc" } }, "spec.runtimeClass.handler: Required value"],
    ["containerd's own handler", handler("runc"), "this handler belongs to containerd itself: choose another name"],
    ["a handler with a line break", handler("a\nb"), "spec.runtimeClass.handler"],
    ["a handler that is a path", handler("../a"), "spec.runtimeClass.handler"],
    ["a handler with quotes", handler('a"]'), "spec.runtimeClass.handler"],
    ["a long handler", handler("a".repeat(64)), "spec.runtimeClass.handler"],
    ["a RuntimeClass with capitals", { runtimeClass: { name: "RC", handler: "h" } }, "spec.runtimeClass.name"],
    ["an unknown strategy", rollout({ type: "canary" }), 'Unsupported value: "canary"'],
    ["no node at a time", rollout({ type: "rolling", rolling: { maxUpdate: 0 } }), update],
    ["fewer than none", rollout({ type: "rolling", rolling: { maxUpdate: -1 } }), update],
    ["0%", rollout({ type: "rolling", rolling: { maxUpdate: "0%" } }), update],
    ["101%", rollout({ type: "rolling", rolling: { maxUpdate: "101%" } }), update],
    ["a word", rollout({ type: "rolling", rolling: { maxUpdate: "some" } }), update],
    ["a number as text", rollout({ type: "rolling", rolling: { maxUpdate: "1" } }), update],
    ["a brake of 0", rollout({ type: "rolling", maxFailures: 0 }), "maxFailures must be a number of at least 1"],
    [
      "an option that is no name",
      { containerdRuntimeOptions: { "a b": "1" } },
      "the name of an option may have letters, digits, _ and - only",
    ],
    [
      "an option with a line break",
      { containerdRuntimeOptions: { a: "1\nb = 2" } },
      "the value of an option may not have control characters",
    ],
    [
      "a toleration of any value that names one",
      toleration({ key: "gpu", operator: "Exists", value: "true" }),
      'operator Exists takes every value, but value is "true": remove value, or use operator Equal',
    ],
    [
      "a toleration of every key by a value",
      toleration({ value: "true", effect: "NoSchedule" }),
      "without key, operator must be Exists, but it is Equal: add key, or use operator Exists",
    ],
    [
      "a toleration of an empty key",
      toleration({ key: "", operator: "Equal" }),
      "without key, operator must be Exists, but it is Equal",
    ],
    [
      "a toleration for a time of what has no time",
      toleration({ key: "gpu", operator: "Exists", effect: "NoSchedule", tolerationSeconds: 60 }),
      "tolerationSeconds is for effect NoExecute only: use effect NoExecute, or remove tolerationSeconds",
    ],
    [
      "a toleration for a time of every effect",
      toleration({ key: "gpu", operator: "Exists", tolerationSeconds: 60 }),
      "tolerationSeconds is for effect NoExecute only",
    ],
    ["an unknown effect", { tolerations: [{ key: "a", effect: "Never" }] }, 'Unsupported value: "Never"'],
    ["an unknown field", { nodeselector: {} }, 'unknown field "spec.nodeselector"'],
  ];
  for (const [says, spec, message] of cases) {
    it(says, async () => {
      expect(await refusal(shimManifest("case", spec))).to.include(message);
    });
  }

  it("a name that cannot be a label", async () => {
    const problem = await refusal(shimManifest("n".repeat(64), handler("h")));
    expect(problem).to.include(
      "metadata.name must have at most 63 characters, because it becomes the name of a node label",
    );
  });

  it("another RuntimeClass or handler later on", async () => {
    await kubectl(["apply", "-f", "-"], shimManifest("fixed"));
    for (const runtimeClass of [
      { name: "other", handler: "fixed" },
      { name: "rc-fixed", handler: "other" },
    ]) {
      const problem = await refusal(shimManifest("fixed", { runtimeClass }), "apply");
      expect(problem).to.include(
        "runtimeClass cannot be changed, because running pods depend on it: create another Shim",
      );
    }
  });
});

describe("the CRD takes", () => {
  const cases: readonly [says: string, spec: Readonly<Record<string, unknown>>][] = [
    ["every Linux node", { nodeSelector: undefined }],
    ["one address for all", { fetchStrategy: { anonHttp: { location: "http://example.org:8080/a?b=c" } } }],
    ["upstream's type of strategy", { fetchStrategy: { type: "anonymousHttp", platforms: [platform("a")] } }],
    ["digests in any case", platforms({ ...platform("a"), sha256: "Ab".repeat(32) })],
    [
      "names of architectures in any case",
      platforms({ ...platform("a"), arch: "AMD64", os: "LINUX" }, { ...platform("b"), arch: "aarch64" }),
    ],
    ["a number of nodes", rollout({ type: "rolling", rolling: { maxUpdate: 3 } })],
    ["a percentage of nodes", rollout({ type: "rolling", rolling: { maxUpdate: "25%" }, maxFailures: "10%" })],
    ["100%", rollout({ type: "rolling", rolling: { maxUpdate: "100%" } })],
    [
      "options and tolerations",
      { containerdRuntimeOptions: { SystemdCgroup: "true" }, tolerations: [{ operator: "Exists" }] },
    ],
    [
      "every toleration that a RuntimeClass may have",
      {
        tolerations: [
          { key: "gpu", value: "true" },
          { key: "gpu", operator: "Equal", value: "true", effect: "NoSchedule" },
          { key: "gpu", operator: "Exists", value: "" },
          { operator: "Exists", effect: "NoExecute", tolerationSeconds: 60 },
        ],
      },
    ],
    ["a pause", { paused: true }],
  ];
  for (const [says, spec] of cases) {
    it(says, async () => {
      expect(await refusal(shimManifest("case", spec))).to.equal("");
    });
  }

  it("our sample", async () => {
    expect(await refusal(await readFile(join(TOP, "deploy/samples/shim.yaml"), "utf8"))).to.equal("");
  });

  it("a manifest as upstream's users write it, and defaults the rollout", async () => {
    const manifest = shimManifest("spin-v2", {
      nodeSelector: { spin: "true" },
      fetchStrategy: {
        type: "anonymousHttp",
        anonHttp: { location: "https://example.org/shim-aarch64.tar.gz" },
        platforms: [
          { os: "linux", arch: "aarch64", location: "https://example.org/shim-aarch64.tar.gz", sha256: "a".repeat(64) },
          { os: "linux", arch: "x86_64", location: "https://example.org/shim%2Fx86_64.tar.gz" },
        ],
      },
      containerdRuntimeOptions: { SystemdCgroup: "true" },
      runtimeClass: { name: "wasmtime-spin-v2", handler: "spin-v2" },
    });
    await kubectl(["apply", "-f", "-"], manifest);
    expect(await kubectl(["get", "shim", "spin-v2", "-o", "jsonpath={.spec.rolloutStrategy}"])).to.equal(
      '{"type":"recreate"}',
    );
  });
});

describe("kubectl", () => {
  it("knows the Shims by their short name and category", async () => {
    expect(await kubectl(["get", "shm"])).to.match(
      /^NAME +RUNTIMECLASS +NODES +READY +UPDATING +FAILED +STATUS +AGE\n/,
    );
    expect(await kubectl(["get", "spinkube"])).to.match(/^NAME +RUNTIMECLASS/);
  });

  it("explains every field", async () => {
    const crd = parse(await readFile(join(TOP, "crds/shim.yaml"), "utf8")) as CrdFile;
    const fields = fieldsOf(crd.spec.versions[0]?.schema.openAPIV3Schema ?? {}, "shim");
    // The server has its own words for metadata.
    expect(fields.filter(([path, text]) => text.length < 10 && path !== "shim.metadata")).to.deep.equal([]);
    expect(fields.length).to.be.above(50);
    const shown = await kubectl(["explain", "shim.spec.rolloutStrategy.rolling", "--recursive"]);
    expect(shown).to.include("maxUpdate");
    for (const path of ["shim", "shim.spec.fetchStrategy.platforms.sha256", "shim.status.nodeStates.state"]) {
      expect(await kubectl(["explain", path])).to.match(/DESCRIPTION:\n +\S/);
    }
  });
});

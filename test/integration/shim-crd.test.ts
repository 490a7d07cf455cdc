import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { startApi } from "../cluster/index.ts";
import type { RunningApi } from "../cluster/index.ts";
import { createKubectl } from "../support/kubectl.ts";
import type { Kubectl } from "../support/kubectl.ts";

const CRD = join(import.meta.dirname, "../../crds/shim.yaml");
const NEVER = new AbortController().signal;

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
}

/** A Shim with all that is required; `spec` goes over it, and a field that is null is taken out. */
function manifest(spec: Readonly<Record<string, unknown>> = {}, name = "spin-v2"): string {
  const base = {
    fetchStrategy: { anonHttp: { location: "https://example.org/a.tar.gz" } },
    runtimeClass: { name: "wasmtime-spin-v2", handler: "spin-v2" },
  };
  const apiVersion = "runtime.spinkube.dev/v1alpha1";
  return JSON.stringify({ apiVersion, kind: "Shim", metadata: { name }, spec: { ...base, ...spec } });
}

function platforms(...all: readonly object[]): Readonly<Record<string, unknown>> {
  const base = { os: "linux", arch: "amd64", location: "https://example.org/a.tar.gz" };
  return { fetchStrategy: { platforms: all.map((one) => Object.assign({}, base, one)) } };
}

describe("the CRD of Shim, in a real API server", () => {
  let dir = "";
  let api: RunningApi;
  let kubectl: Kubectl;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "rcm-crd-"));
    api = await startApi({ dir: join(dir, "api") }, NEVER);
    kubectl = createKubectl(api.kubeconfig);
    await kubectl(["apply", "-f", CRD]);
    await kubectl(["wait", "--for=condition=Established", "crd/shims.runtime.spinkube.dev", "--timeout=30s"]);
  });
  after(async () => {
    await api.stop(NEVER);
    await rm(dir, { recursive: true, force: true });
  });

  async function dryRun(text: string): Promise<string> {
    return kubectl(["apply", "--dry-run=server", "-f", "-"], text);
  }

  const GOOD: readonly (readonly [string, string])[] = [
    ["the least that is needed", manifest()],
    [
      "the deprecated type",
      manifest({ fetchStrategy: { type: "anonymousHttp", anonHttp: { location: "http://a/b" } } }),
    ],
    ["two platforms by uname's names", manifest(platforms({ arch: "x86_64" }, { arch: "aarch64" }))],
    ["an upper-case digest", manifest(platforms({ sha256: "A".repeat(64) }))],
    ["a number of nodes", manifest({ rolloutStrategy: { type: "rolling", rolling: { maxUpdate: 3 } } })],
    [
      "a share of nodes",
      manifest({ rolloutStrategy: { type: "rolling", rolling: { maxUpdate: "25%" }, maxFailures: "100%" } }),
    ],
    ["options as strings", manifest({ containerdRuntimeOptions: { SystemdCgroup: "true", ConfigPath: "/a b" } })],
    ["tolerations", manifest({ tolerations: [{ key: "a", operator: "Exists", effect: "NoSchedule" }] })],
  ];
  for (const [what, text] of GOOD) {
    it(`takes ${what}`, async () => {
      expect(await dryRun(text)).to.include("created");
    });
  }

  const BAD: readonly (readonly [string, string, string])[] = [
    ["no source", manifest({ fetchStrategy: {} }), "no source is given"],
    ["an empty list of platforms", manifest({ fetchStrategy: { platforms: [] } }), "no source is given"],
    [
      "ftp",
      manifest({ fetchStrategy: { anonHttp: { location: "ftp://a/b" } } }),
      "must be an absolute http:// or https:// address",
    ],
    [
      "a path as an address",
      manifest(platforms({ location: "/a/b" })),
      "must be an absolute http:// or https:// address",
    ],
    ["a short digest", manifest(platforms({ sha256: "abc" })), "sha256"],
    ["one platform twice", manifest(platforms({ arch: "x86_64" }, { arch: "AMD64" })), "for the same os and arch"],
    ["a handler with capitals", manifest({ runtimeClass: { name: "a", handler: "Spin" } }), "runtimeClass.handler"],
    ["a handler with a path", manifest({ runtimeClass: { name: "a", handler: "../runc" } }), "runtimeClass.handler"],
    [
      "containerd's own handler",
      manifest({ runtimeClass: { name: "a", handler: "runc" } }),
      "belongs to containerd itself",
    ],
    [
      "no nodes at a time",
      manifest({ rolloutStrategy: { type: "rolling", rolling: { maxUpdate: 0 } } }),
      "maxUpdate must be",
    ],
    ["101 %", manifest({ rolloutStrategy: { type: "rolling", rolling: { maxUpdate: "101%" } } }), "maxUpdate must be"],
    ["an unknown strategy", manifest({ rolloutStrategy: { type: "fast" } }), "rolloutStrategy.type"],
    ["an option's name with a dot", manifest({ containerdRuntimeOptions: { "a.b": "c" } }), "the name of an option"],
    ["a line break in an option", manifest({ containerdRuntimeOptions: { a: "b\nc" } }), "control characters"],
    ["a name that makes no label", manifest({}, "a".repeat(64)), "at most 63 characters"],
  ];
  for (const [what, text, words] of BAD) {
    it(`refuses ${what} and says why`, async () => {
      const error: unknown = await dryRun(text).catch((reason: unknown) => reason);
      expect(error).to.have.property("message").that.includes(words);
    });
  }

  it("lets the source change, and neither name nor handler of the RuntimeClass", async () => {
    await kubectl(["apply", "-f", "-"], manifest());
    await kubectl(["apply", "-f", "-"], manifest(platforms({ sha256: "b".repeat(64) })));
    const changed = manifest({ runtimeClass: { name: "wasmtime-spin-v2", handler: "other" } });
    const error: unknown = await kubectl(["apply", "-f", "-"], changed).catch((reason: unknown) => reason);
    expect(error).to.have.property("message").that.includes("create another Shim");
  });

  it("has a short name and columns that are worth reading", async () => {
    const text = await kubectl(["get", "shm"]);
    for (const column of ["RUNTIMECLASS", "NODES", "READY", "UPDATING", "FAILED", "STATUS", "AGE"]) {
      expect(text).to.include(column);
    }
  });

  it("explains every field", async () => {
    const crd = parse(await readFile(CRD, "utf8")) as {
      readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
    };
    const schema = crd.spec.versions[0]?.schema.openAPIV3Schema ?? {};
    expect(undescribed(schema, "shim").filter((path) => path !== "shim.metadata")).to.deep.equal([]);
    expect(await kubectl(["explain", "shim.spec.rolloutStrategy.rolling.maxUpdate"])).to.include("percentage");
  });
});

function undescribed(schema: Schema, path: string): readonly string[] {
  const children = Object.entries(schema.properties ?? {}).map(([name, child]) => [`${path}.${name}`, child] as const);
  const parts = [schema.items, schema.additionalProperties].flatMap((part) => (part === undefined ? [] : [part]));
  return [
    ...((schema.description ?? "") === "" ? [path] : []),
    ...children.flatMap(([name, child]) => undescribed(child, name)),
    ...parts.flatMap((part) => undescribed(part, `${path}[]`)),
  ];
}

import { expect } from "chai";
import { describe, it } from "mocha";
import { artifactFor, normalArchitecture } from "./artifact.ts";
import { exampleShim } from "./build-examples.ts";
import type { ShimObject } from "./shim-object.ts";
import { wantedHash } from "./wanted.ts";

const AMD = { os: "linux", arch: "x86_64", location: "https://example.org/amd", sha256: "A".repeat(64) };
const ARM = { os: "Linux", arch: "AArch64", location: "https://example.org/arm" };
const ANY = { location: "https://example.org/any" };

describe("artifactFor()", () => {
  type Strategy = ShimObject["spec"]["fetchStrategy"];
  const cases: readonly [says: string, strategy: Strategy, architecture: string, location: string | undefined][] = [
    ["amd64", { platforms: [ARM, AMD] }, "amd64", AMD.location],
    ["arm64", { platforms: [AMD, ARM] }, "arm64", ARM.location],
    ["any case", { platforms: [AMD] }, "AMD64", AMD.location],
    ["nothing fits", { platforms: [AMD] }, "riscv64", undefined],
    ["one address for all", { anonHttp: ANY }, "riscv64", ANY.location],
    ["platforms go before it", { platforms: [AMD], anonHttp: ANY }, "amd64", AMD.location],
    ["and do not fall back to it", { platforms: [AMD], anonHttp: ANY }, "arm64", undefined],
    ["an empty list is none", { platforms: [], anonHttp: ANY }, "amd64", ANY.location],
    ["nothing at all", {}, "amd64", undefined],
  ];
  for (const [says, strategy, architecture, location] of cases) {
    it(says, () => {
      expect(artifactFor(strategy, { os: "LINUX", architecture })?.location).to.equal(location);
    });
  }

  it("keeps another operating system apart", () => {
    expect(artifactFor({ platforms: [AMD] }, { os: "windows", architecture: "amd64" })).to.equal(undefined);
  });

  it("writes digests in lower case, and none where there is none", () => {
    const platform = { os: "linux", architecture: "amd64" };
    expect(artifactFor({ platforms: [AMD] }, platform)?.sha256).to.equal("a".repeat(64));
    expect(artifactFor({ anonHttp: ANY }, platform)).to.deep.equal(ANY);
  });
});

describe("normalArchitecture()", () => {
  it("knows the names of uname", () => {
    const names = ["amd64", "x86_64", "arm64", "aarch64", "armv7l", "ppc64le", "S390X"];
    const normal = ["amd64", "amd64", "arm64", "arm64", "arm", "ppc64le", "s390x"];
    expect(names.map((name) => normalArchitecture(name))).to.deep.equal(normal);
  });
});

describe("wantedHash()", () => {
  const artifact = { location: "https://example.org/a", sha256: "a".repeat(64) };
  const base = wantedHash(exampleShim(), artifact);

  it("stays while a node would not look different", () => {
    const same = [
      wantedHash(exampleShim(), { ...artifact, location: "https://mirror.example.org/a" }),
      wantedHash(exampleShim({ tolerations: [{ operator: "Exists" }], paused: true }), artifact),
      wantedHash(exampleShim({ nodeSelector: {}, rolloutStrategy: { type: "rolling" } }), artifact),
      wantedHash(exampleShim({}, { uid: "recreated", generation: 9 }), artifact),
      wantedHash(exampleShim({ containerdRuntimeOptions: {} }), artifact),
    ];
    expect(new Set(same)).to.deep.equal(new Set([base]));
  });

  it("changes with everything that a node shows", () => {
    const other = [
      base,
      wantedHash(exampleShim(), { ...artifact, sha256: "b".repeat(64) }),
      wantedHash(exampleShim(), { location: "https://example.org/a" }),
      wantedHash(exampleShim(), { location: "https://example.org/b" }),
      wantedHash(exampleShim({ containerdRuntimeOptions: { a: "1" } }), artifact),
      wantedHash(exampleShim({ containerdRuntimeOptions: { a: "2" } }), artifact),
      wantedHash(exampleShim({ runtimeClass: { name: "wasmtime-spin-v2", handler: "other" } }), artifact),
      wantedHash(exampleShim({}, { name: "other" }), artifact),
    ];
    expect(new Set(other).size).to.equal(other.length);
  });

  it("does not depend on the order of options", () => {
    const [ab, ba] = [
      { a: "1", b: "2" },
      { b: "2", a: "1" },
    ].map((containerdRuntimeOptions) => wantedHash(exampleShim({ containerdRuntimeOptions }), artifact));
    expect(ab).to.equal(ba);
  });
});

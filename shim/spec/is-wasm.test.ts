import { expect } from "chai";
import { describe, it } from "mocha";
import { entrypointCandidates, isWasm, type Entrypoint } from "./is-wasm.ts";
import type { OciSpec } from "./oci-spec.ts";
import { parseSpec } from "./parse-spec.ts";
import { CONTAINERD_VERSIONS, recordedSpecs } from "./testing/recorded-specs.ts";

const ELF = "\u007FELF";
const MODULE = "\0asm\u0001\0\0\0";
const COMPONENT = "\0asm\u000D\0\u0001\0";

describe("isWasm()", () => {
  const cases: readonly (readonly [name: string, entrypoint: Entrypoint, answer: boolean | RegExp])[] = [
    ["an ELF program", file(ELF), false],
    ["a program that only its owner may execute", file(ELF, 0o100_700), false],
    ["a script", file("#!/bin/sh"), false],
    ["a core module", file(MODULE, 0o100_644), true],
    ["a component", file(COMPONENT, 0o100_644), true],
    ["an executable module", file(MODULE), true],
    [
      "ELF that nobody may execute",
      file(ELF, 0o100_644),
      /"\/x#f": it is a program that nobody may execute \(chmod \+x\): use/,
    ],
    [
      "a text",
      file("hello"),
      /"\/x#f": it is neither a Linux program, nor a script with #!, nor WebAssembly: use an image/,
    ],
    ["an empty file", file(""), /it is neither/],
    ["a file of three bytes", file("\0as"), /it is neither/],
    [
      "a folder",
      { kind: "folder" },
      /"\/x#f": it is a folder, and the image has no WebAssembly: use an image with layers/,
    ],
    ["nothing", { kind: "missing" }, /"\/x#f": it is neither in the image nor in a volume: use/],
  ];
  for (const [name, entrypoint, answer] of cases) {
    it(`says ${answer instanceof RegExp ? "that it cannot run" : String(answer)} for ${name}`, () => {
      if (!(answer instanceof RegExp)) {
        expect(ask({ entrypoint })).to.equal(answer);
        return;
      }
      const code = entrypoint.kind === "missing" ? "ENTRYPOINT_MISSING" : "ENTRYPOINT_UNKNOWN";
      expect(() => ask({ entrypoint }))
        .to.throw(answer)
        .with.property("code", code);
    });
  }

  for (const entrypoint of [file(ELF), file("hello"), { kind: "folder" }, { kind: "missing" }] as const) {
    it(`asks nothing of ${entrypoint.kind} if the image has layers of Wasm, or if it is a pause`, () => {
      expect(ask({ entrypoint, hasWasmLayers: true })).to.equal(true);
      expect(ask({ entrypoint, hasWasmLayers: true, isSandbox: true })).to.equal(false);
      expect(ask({ entrypoint, isSandbox: true })).to.equal(false);
    });
  }

  it("takes an image with a spin.toml for Wasm unless it names a Linux program", () => {
    expect(ask({ entrypoint: { kind: "folder" }, hasSpinManifest: true })).to.equal(true);
    expect(ask({ entrypoint: file(ELF), hasSpinManifest: true })).to.equal(false);
  });
});

describe("isWasm() of recorded specs", () => {
  for (const version of CONTAINERD_VERSIONS) {
    for (const [name, recorded] of Object.entries(recordedSpecs(version))) {
      it(`leaves "${name}" of containerd ${version}, a busybox, to runc as it stands`, () => {
        const json = JSON.stringify(recorded);
        const spec = parseSpec(json);
        expect(
          isWasm({ spec, hasWasmLayers: false, inspection: { entrypoint: file(ELF), hasSpinManifest: false } }),
        ).to.equal(false);
        expect(JSON.stringify(spec)).to.equal(json);
      });
    }
  }
});

describe("entrypointCandidates()", () => {
  const cases: readonly (readonly [name: string, process: object, candidates: readonly string[]])[] = [
    ["an absolute path", { args: ["/app/x.wasm"] }, ["/app/x.wasm"]],
    ["a path with a function", { args: ["/app/x.wasm#run"] }, ["/app/x.wasm"]],
    ["a relative path", { args: ["bin/x"], cwd: "/app" }, ["/app/bin/x"]],
    ["a name, with PATH", { args: ["x"], cwd: "/app", env: ["PATH=/a:b::/c"] }, ["/a/x", "/c/x", "/app/x"]],
    ["a name, with two PATHs", { args: ["x"], env: ["PATH=/a", "A=", "PATH=/b"] }, ["/b/x", "//x"]],
    [
      "a name, without PATH",
      { args: ["x"] },
      [
        ...["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(
          (folder) => `${folder}/x`,
        ),
        "//x",
      ],
    ],
    ["a function alone", { args: ["#run"] }, []],
    ["no arguments", { args: [] }, []],
  ];
  for (const [name, program, candidates] of cases) {
    it(`are right for ${name}`, () => {
      expect(entrypointCandidates({ ociVersion: "1.2.0", process: { cwd: "/", ...program } })).to.deep.equal(
        candidates,
      );
    });
  }

  it("are none without a process", () => {
    expect(entrypointCandidates({ ociVersion: "1.2.0" })).to.deep.equal([]);
  });
});

function file(head: string, mode = 0o100_755): Entrypoint {
  return { kind: "file", mode, head: Buffer.from(head, "latin1") };
}

function ask({ entrypoint, hasWasmLayers = false, hasSpinManifest = false, isSandbox = false }: Question): boolean {
  const annotations = { "io.kubernetes.cri.container-type": isSandbox ? "sandbox" : "container" };
  const spec: OciSpec = { ociVersion: "1.2.0", process: { cwd: "/", args: ["/x#f"] }, annotations };
  return isWasm({ spec, hasWasmLayers, inspection: { entrypoint, hasSpinManifest } });
}

interface Question {
  readonly entrypoint: Entrypoint;
  readonly hasWasmLayers?: boolean;
  readonly hasSpinManifest?: boolean;
  readonly isSandbox?: boolean;
}

import { expect } from "chai";
import { describe, it } from "mocha";
import { parseManifest } from "./parse-manifest.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const TAR = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: DIGEST, size: 1 };
const COMPONENT = { mediaType: "application/wasm", digest: DIGEST, size: 9 };
const OLDER = { ...COMPONENT, mediaType: "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm" };
const SPIN_APP = { ...spinLayer("fermyon.spin.application.v1+config", "b"), size: 3 };
const SPIN_WASM = spinLayer("wasm.content.layer.v1+wasm", "c");
const SPIN_DATA = spinLayer("wasm.content.layer.v1+data", "d");
const SPIN_ARCHIVE = spinLayer("wasm.content.bundle.v1.tar+gzip", "e");
const LINUX = { ...TAR, mediaType: "m", platform: { architecture: "amd64", os: "linux" } };
const WASM = { ...TAR, mediaType: "w", platform: { architecture: "wasm", os: "wasi" } };

describe("parseManifest()", () => {
  for (const [title, document, expected] of [
    ["an ordinary image", { layers: [TAR] }, { kind: "other" }],
    ["no layers", {}, { kind: "other" }],
    ["a component", { layers: [COMPONENT] }, { kind: "component", layer: COMPONENT }],
    ["a component of the older type", { layers: [TAR, OLDER] }, { kind: "component", layer: OLDER }],
    ["an index with one for Wasm", { manifests: [LINUX, WASM] }, { kind: "index", manifest: pick(WASM) }],
    ["an index of one", { manifests: [LINUX] }, { kind: "index", manifest: pick(LINUX) }],
    [
      "a Spin application, each layer once",
      { layers: [SPIN_WASM, SPIN_DATA, SPIN_WASM, COMPONENT, SPIN_ARCHIVE, { mediaType: "other" }, SPIN_APP] },
      {
        kind: "spin-app",
        app: SPIN_APP,
        components: [SPIN_WASM, COMPONENT],
        content: [SPIN_WASM, COMPONENT, SPIN_DATA],
        archives: [SPIN_ARCHIVE],
      },
    ],
    ["an index of several others", { manifests: [LINUX, LINUX] }, { kind: "other" }],
  ] as const) {
    it(`finds ${title}`, () => {
      expect(parseManifest(JSON.stringify(document))).to.deep.equal(expected);
    });
  }

  for (const [document, code, message] of [
    [{ layers: [COMPONENT, OLDER] }, "SPEC_UNSUPPORTED", "2 layers of Wasm"],
    [{ layers: [SPIN_WASM] }, "SPEC_UNSUPPORTED", "no locked application: push it with Spin 2"],
    [{ layers: [SPIN_APP, SPIN_APP] }, "SPEC_UNSUPPORTED", "2 locked Spin applications"],
    [{ layers: [{ ...SPIN_APP, size: 2 ** 23 + 1 }] }, "SPEC_UNSUPPORTED", "8388609 bytes, and the limit is 8388608"],
    [{ layers: [SPIN_APP, { ...SPIN_WASM, size: 2 ** 30 }] }, "SPEC_UNSUPPORTED", "its component"],
    [{ layers: [SPIN_APP, { ...SPIN_DATA, size: 2 ** 30 }, SPIN_ARCHIVE] }, "SPEC_UNSUPPORTED", "1073741833 bytes"],
    [{ layers: [SPIN_APP, { ...SPIN_DATA, digest: "sha256:/" }] }, "CORRUPT", "digest"],
    [{ layers: [{ ...COMPONENT, size: 2 ** 40 }] }, "SPEC_UNSUPPORTED", "1099511627776 bytes"],
    [{ layers: [{ ...COMPONENT, digest: "sha256:../../x" }] }, "CORRUPT", "digest"],
    [{ layers: [{ ...COMPONENT, size: -1 }] }, "CORRUPT", "size"],
    [{ layers: "x" }, "CORRUPT", "no list"],
    [{ manifests: Array.from({ length: 2000 }, () => WASM) }, "CORRUPT", "too many"],
    [[], "CORRUPT", "no object"],
  ] as const) {
    it(`refuses ${JSON.stringify(document).slice(0, 80)}`, () => {
      expect(() => parseManifest(JSON.stringify(document)))
        .to.throw(message)
        .with.property("code", code);
    });
  }

  it("refuses what is no JSON", () => {
    expect(() => parseManifest("{"))
      .to.throw("Cannot read the image's manifest")
      .with.property("code", "CORRUPT");
  });
});

function spinLayer(type: string, digit: string): typeof TAR {
  return { mediaType: `application/vnd.${type}`, digest: `sha256:${digit.repeat(64)}`, size: 9 };
}

function pick({ mediaType, digest, size }: typeof TAR): object {
  return { mediaType, digest, size };
}

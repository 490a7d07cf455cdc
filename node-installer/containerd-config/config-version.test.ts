import { expect } from "chai";
import { describe, it } from "mocha";
import { caught } from "./caught.test.ts";
import { configVersion, effectiveVersion, newestConfigVersion, parseContainerdVersion } from "./config-version.ts";

describe("configVersion()", () => {
  const cases: readonly (readonly [text: string, expected: number | undefined])[] = [
    ["", undefined],
    ["version = 0", undefined],
    ["version = 1", 1],
    ["version = 2", 2],
    ["version=3", 3],
    ["version = 3 # c", 3],
    ["# version = 3\nversion = 2", 2],
    ["# version = 3", undefined],
    ["version = 4", 4],
    ['"version" = 3', 3],
    ["'version' = 0x3", 3],
    ["[plugins.x]\nversion = 3", undefined],
    ['a = """\nversion = 3\n"""\nversion = 2', 2],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${String(expected)} from ${JSON.stringify(text)}`, () => {
      expect(configVersion(text, "x")).to.equal(expected);
    });
  }

  for (const text of [
    'version = "2"',
    "version = 2.0",
    "version = -1",
    "version = [2]",
    "version = true",
    "[version]",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(caught(() => configVersion(text, "x"))).to.have.property("code", "ConfigInvalid");
    });
  }

  it("names file, line and column of what is not TOML", () => {
    const message = caught(() => configVersion('a = 1\n[plugins."x', "/etc/c.toml"))?.message;
    expect(message).to.match(/^Cannot read "\/etc\/c\.toml": line 2, column \d+: /);
  });
});

describe("parseContainerdVersion()", () => {
  const cases: readonly (readonly [string, readonly [number, number, number]])[] = [
    ["1.6.20~ds1", [1, 6, 20]],
    ["1.7.24~ds1-6+deb13u1", [1, 7, 24]],
    ["v2.1.9+unknown", [2, 1, 9]],
    ["2.1.9+unknown", [2, 1, 9]],
    ["containerd://2.2.2-bd1.34", [2, 2, 2]],
    ["v1.7.11-k3s2", [1, 7, 11]],
    ["2.0.0-rc.3", [2, 0, 0]],
  ];
  for (const [text, [major, minor, patch]] of cases) {
    it(`reads ${text}`, () => {
      expect(parseContainerdVersion(text)).to.include({ major, minor, patch });
    });
  }

  for (const text of ["", "unknown", "1.7", "docker://24.0.1", "cri-o://1.30.0"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(caught(() => parseContainerdVersion(text))).to.have.property("code", "ConfigUnsupported");
    });
  }
});

describe("newestConfigVersion(), effectiveVersion()", () => {
  const cases: readonly (readonly [string, newest: number, ofNone: number])[] = [
    ["1.6.0", 2, 1],
    ["1.7.27", 2, 1],
    ["2.0.0", 3, 3],
    ["2.2.9", 3, 3],
    ["2.3.0", 4, 4],
    ["2.10.0", 4, 4],
  ];
  for (const [text, newest, ofNone] of cases) {
    it(`knows what containerd ${text} reads, and takes a file without version for`, () => {
      const version = parseContainerdVersion(text);
      expect([
        newestConfigVersion(version),
        effectiveVersion(undefined, version),
        effectiveVersion(2, version),
      ]).to.deep.equal([newest, ofNone, 2]);
    });
  }
});

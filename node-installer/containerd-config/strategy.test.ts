import { expect } from "chai";
import { describe, it } from "mocha";
import { chooseStrategy } from "./strategy.ts";

const PATH = "/etc/containerd/config.toml";

function choose(containerdVersion: string, mainText: string | undefined, imported: readonly string[] = []): string {
  const files = imported.map((text, index) => ({ path: `/i${index}.toml`, text }));
  const strategy = chooseStrategy({ containerdVersion, mainPath: PATH, mainText, imported: files });
  return strategy.kind === "refused"
    ? `${strategy.code}: ${strategy.message}`
    : `${strategy.kind} ${strategy.pluginId}`;
}

describe("chooseStrategy()", () => {
  const chosen: readonly (readonly [containerd: string, text: string | undefined, expected: string])[] = [
    ["1.6.20~ds1", "version = 2", "edit-main io.containerd.grpc.v1.cri"],
    ["1.7.24~ds1", "version = 2", "edit-main io.containerd.grpc.v1.cri"],
    ["1.6.20", "", "edit-main cri"],
    ["1.7.24", "version = 1", "edit-main cri"],
    ["2.0.0", "version = 2", "drop-in io.containerd.grpc.v1.cri"],
    ["2.1.9+unknown", "version = 3", "drop-in io.containerd.cri.v1.runtime"],
    ["2.1.9", undefined, "drop-in io.containerd.cri.v1.runtime"],
    ["2.3.0", "version = 4", "drop-in io.containerd.cri.v1.runtime"],
    ["2.9.0", "version = 4", "drop-in io.containerd.cri.v1.runtime"],
    ["2.1.9", "disabled_plugins = ['io.containerd.snapshotter.v1.btrfs']", "drop-in io.containerd.cri.v1.runtime"],
  ];
  for (const [containerd, text, expected] of chosen) {
    it(`chooses ${expected} for containerd ${containerd} and ${JSON.stringify(text)}`, () => {
      expect(choose(containerd, text)).to.equal(expected);
    });
  }

  const refused: readonly (readonly [what: string, containerd: string, text: string | undefined, expected: RegExp])[] =
    [
      ["containerd 1.5", "1.5.18", "version = 2", /^ConfigUnsupported: .*only 1\.6 to 2\.x/],
      ["containerd 3", "3.0.0", "version = 2", /^ConfigUnsupported: .*only 1\.6 to 2\.x/],
      ["no version of containerd", "unknown", "", /^ConfigUnsupported: .*"unknown"/],
      ["C-2 no main file on containerd 1", "1.7.24", undefined, /^ConfigMissing: .*containerd config default/],
      ["Docker's file", "1.7.24", 'disabled_plugins = ["cri"]\n', /^ConfigUnsupported: .*disabled_plugins has "cri"/],
      [
        "CRI disabled by its long id",
        "1.6.20",
        'version = 2\ndisabled_plugins = ["a", "io.containerd.grpc.v1.cri"]',
        /disabled_plugins has "io\.containerd\.grpc/,
      ],
      [
        "CRI disabled on containerd 2",
        "2.1.9",
        "disabled_plugins = ['io.containerd.cri.v1.runtime']",
        /disabled_plugins has "io\.containerd\.cri/,
      ],
      [
        "version 3 on 1.6, which would ignore it",
        "1.6.20",
        "version = 3",
        /^ConfigUnsupported: .*reads up to version 2/,
      ],
      [
        "version 3 on 1.7, which does not start on it",
        "1.7.24",
        "version = 3",
        /^ConfigUnsupported: .*reads up to version 2/,
      ],
      ["version 4 before 2.3", "2.2.0", "version = 4", /^ConfigUnsupported: .*reads up to version 3/],
      ["C5 a version newer than known", "2.3.0", "version = 5", /^ConfigUnsupported: .*reads up to version 4/],
      ["a version that is a string", "1.7.24", 'version = "2"', /^ConfigInvalid: .*not a positive integer/],
      [
        "what is not TOML",
        "1.7.24",
        "version = 2\nx",
        /^ConfigInvalid: Cannot read "\/etc\/containerd\/config\.toml": line 2, column 2/,
      ],
      ["a table twice", "2.1.9", "[a]\n[b]\n['a']", /^ConfigInvalid: .*line 3, column 1/],
      ["a byte order mark on containerd 2", "2.1.9", "\uFEFFversion = 3", /^ConfigInvalid: .*byte order mark/],
      ["broken marks", "1.7.24", "version = 2\n# BEGIN runtime-class-manager spin\n", /^ConfigInvalid: .*line 2 /],
    ];
  for (const [what, containerd, text, expected] of refused) {
    it(`refuses ${what}`, () => {
      expect(choose(containerd, text)).to.match(expected);
    });
  }

  it("takes a byte order mark on containerd 1, which does too", () => {
    expect(choose("1.7.24", "\uFEFFversion = 2")).to.equal("edit-main io.containerd.grpc.v1.cri");
  });

  it("refuses on containerd 1 when an import replaces the CRI section, and names it", () => {
    expect(choose("1.7.24", "version = 2", ["[grpc]", "[plugins.'io.containerd.grpc.v1.cri'.cni]"])).to.match(
      /^ConfigUnsupported: .*"\/i1\.toml" replaces/,
    );
  });

  it("takes imports that have nothing of CRI", () => {
    expect(choose("1.7.24", "version = 2", ["[grpc]"])).to.equal("edit-main io.containerd.grpc.v1.cri");
    expect(choose("2.1.9", "version = 2", ["[plugins.'io.containerd.cri.v1.runtime']"])).to.equal(
      "drop-in io.containerd.cri.v1.runtime",
    );
  });

  it("refuses an import that is not TOML, by its name", () => {
    expect(choose("2.1.9", "version = 3", ["x"])).to.match(/^ConfigInvalid: Cannot read "\/i0\.toml": line 1/);
  });
});

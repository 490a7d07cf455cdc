import { expect } from "chai";
import { describe, it } from "mocha";
import { configVersion, parseContainerdVersion } from "./config-version.ts";
import { CRI_LEGACY, CRI_RUNTIME, CRI_SHORT, pluginIdFor } from "./plugin-id.ts";
import { parseToml } from "./toml-tree.ts";

const OLD = '[plugins."io.containerd.grpc.v1.cri"]';
const OLD_RUNTIMES = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]';
const NEW = "[plugins.'io.containerd.cri.v1.runtime']";
const NEW_RUNTIMES = "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]";
const IMAGES = '[plugins."io.containerd.cri.v1.images"]';

describe("pluginIdFor()", () => {
  const cases: readonly (readonly [what: string, containerd: string, files: readonly string[], expected: string])[] = [
    ["C-5 version 2 on 1.6", "1.6.20", ["version = 2"], CRI_LEGACY],
    ["C-5 version 2 on 1.7", "1.7.24", [`version = 2\n${OLD}`], CRI_LEGACY],
    ["no version on 1.6, which means version 1", "1.6.20", [""], CRI_SHORT],
    ["no version on 1.7 with the long id, which is ignored there", "1.7.24", [OLD], CRI_SHORT],
    ["version 1 on 1.7", "1.7.24", ["version = 1\n[plugins.cri]"], CRI_SHORT],
    ["the new id on 1.7, which is ignored there", "1.7.24", [`version = 2\n${NEW_RUNTIMES}`], CRI_LEGACY],
    ["C-6 version 3", "2.1.9", ["version = 3"], CRI_RUNTIME],
    ["C-7 version=3", "2.0.0", ["version=3"], CRI_RUNTIME],
    ["C-7 version = 3 # c", "2.0.0", ["version = 3 # c"], CRI_RUNTIME],
    ["C-7 version = 3 in a comment only", "2.0.0", ["# version = 3\nversion = 2"], CRI_LEGACY],
    ["C-7 version 4", "2.3.0", ["version = 4"], CRI_RUNTIME],
    ["a version newer than known", "2.9.0", ["version = 5"], CRI_RUNTIME],
    ["version 2 on 2.1 with the legacy id", "2.1.9", [`version = 2\n${OLD}`], CRI_LEGACY],
    ["version 2 on 2.1 with nothing of CRI", "2.1.9", ["version = 2"], CRI_LEGACY],
    ["C4 Azure: version 2 with the new id", "2.0.4", [`version = 2\n${NEW_RUNTIMES}`], CRI_RUNTIME],
    ["C4 version 2 with the new id and no runtimes", "2.1.9", [`version = 2\n${NEW}`], CRI_RUNTIME],
    ["C4 version 2 with the new images id only", "2.1.9", [`version = 2\n${IMAGES}`], CRI_RUNTIME],
    ["C4 both ids, runtimes under both", "2.1.9", [`version = 2\n${OLD_RUNTIMES}\n${NEW_RUNTIMES}`], CRI_RUNTIME],
    ["C4 both ids, runtimes under the legacy one", "2.1.9", [`version = 2\n${OLD_RUNTIMES}\n${NEW}`], CRI_LEGACY],
    ["C4 the new id in an imported file", "2.1.9", ["version = 2", NEW_RUNTIMES], CRI_RUNTIME],
    ["version 3 with a legacy rest, which is ignored", "2.1.9", [`version = 3\n${OLD_RUNTIMES}`], CRI_RUNTIME],
    ["no version on 2.1, which means the newest", "2.1.9", [OLD_RUNTIMES], CRI_RUNTIME],
    ["version 1 on 2.1, which nothing migrates", "2.1.9", ["version = 1\n[plugins.cri]"], CRI_RUNTIME],
  ];
  for (const [what, containerd, files, expected] of cases) {
    it(`gives ${expected} for ${what}`, () => {
      const declared = configVersion(files[0] ?? "", "main");
      const trees = files.map((text) => parseToml(text, "x"));
      expect(pluginIdFor(declared, trees, parseContainerdVersion(containerd))).to.equal(expected);
    });
  }
});

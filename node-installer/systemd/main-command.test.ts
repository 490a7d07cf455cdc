import { expect } from "chai";
import { describe, it } from "mocha";
import { wordsOf } from "./main-command.ts";

describe("wordsOf()", () => {
  for (const [commandLine, words] of [
    ["", []],
    ["/usr/bin/containerd", ["/usr/bin/containerd"]],
    ["/usr/bin/containerd  --config /a.toml", ["/usr/bin/containerd", "--config", "/a.toml"]],
    ['"/usr/bin/containerd" "--config=/a b.toml"', ["/usr/bin/containerd", "--config=/a b.toml"]],
    ["'/usr/bin/containerd' '-c' /a.toml", ["/usr/bin/containerd", "-c", "/a.toml"]],
    ['-c "" x', ["-c", "", "x"]],
    [`-c "it's"`, ["-c", "it's"]],
  ] as const) {
    it(`reads ${JSON.stringify(commandLine)}`, () => {
      expect(wordsOf(commandLine)).to.deep.equal(words);
    });
  }
});

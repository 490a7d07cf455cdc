import { expect } from "chai";
import { describe, it } from "mocha";
import { isFromElsewhere, unitConfigPath } from "./unit-config-path.ts";

describe("unitConfigPath()", () => {
  const environment = [
    "CONTAINERD_CONFIG=/usr/share/containerd/config.toml",
    "OPTS=--log-level=info -c /etc/c.toml",
    "E=",
  ];
  for (const { what, words, path } of [
    { what: "containerd's default without a flag", words: [], path: "/etc/containerd/config.toml" },
    { what: "a path as it is", words: ["--config", "/etc/x=y.toml"], path: "/etc/x=y.toml" },
    {
      what: "a path by a variable, as on Flatcar",
      words: ["--config", "${CONTAINERD_CONFIG}"],
      path: "/usr/share/containerd/config.toml",
    },
    {
      what: "a path with a variable in it",
      words: ["--config=/a${CONTAINERD_CONFIG}"],
      path: "/a/usr/share/containerd/config.toml",
    },
    { what: "flags by a variable", words: ["$OPTS"], path: "/etc/c.toml" },
    { what: "no flags by an empty variable", words: ["$E"], path: "/etc/containerd/config.toml" },
    { what: "a variable that nobody knows", words: ["--config", "${OTHER}"], path: "/etc/containerd/config.toml" },
  ]) {
    it(`reads ${what}`, () => {
      expect(unitConfigPath(["/usr/bin/containerd", ...words], environment)).to.equal(path);
    });
  }
});

describe("isFromElsewhere()", () => {
  const environment = ["A=1", "B="];
  for (const [words, hasFiles, expected] of [
    [[], true, false],
    [["--config", "/etc/x.toml"], true, false],
    [["--config", "${A}"], false, false],
    [["$A", "-l=${B}"], false, false],
    [["--config", "${A}"], true, true],
    [["$C"], false, true],
    [["--config=${A}/${C}"], false, true],
  ] as const) {
    it(`says ${String(expected)} of "${words.join(" ")}" ${hasFiles ? "with" : "without"} files of variables`, () => {
      const argv = ["/usr/bin/containerd", ...words];
      expect(isFromElsewhere(argv, { environment, hasFiles })).to.equal(expected);
    });
  }
});

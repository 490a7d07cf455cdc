import { expect } from "chai";
import { describe, it } from "mocha";
import { patternCovers } from "./path-pattern.ts";

describe("patternCovers()", () => {
  const path = "/etc/containerd/conf.d/50-rcm-spin.toml";
  const cases: readonly (readonly [pattern: string, expected: boolean])[] = [
    ["/etc/containerd/conf.d/*.toml", true],
    ["/etc/containerd/conf.d/50-rcm-*.toml", true],
    ["/etc/containerd/conf.d/*", true],
    ["/etc/containerd/*/*.toml", true],
    ["/etc/containerd/*.toml", false],
    ["/etc/containerd/**/*.toml", true],
    ["/etc/containerd/**.toml", false],
    ["conf.d/*.toml", true],
    ["./conf.d/*.toml", true],
    ["../containerd/conf.d/*.toml", true],
    ["/etc//containerd/./conf.d/*.toml", true],
    ["/etc/containerd/conf.d/50-rcm-spin.toml", true],
    ["/etc/containerd/conf?d/*.toml", true],
    ["/etc/containerd/conf.d/[0-9]*.toml", true],
    ["/etc/containerd/conf.d/[^0-9]*.toml", false],
    ["/etc/containerd/conf.d/[a-z]*.toml", false],
    ["/etc/containerd/conf.d/[9-0]*.toml", false],
    ["/etc/containerd/conf.d/\\50-*.toml", true],
    ["/etc/containerd/conf.d/\\*.toml", false],
    ["/etc/containerd/conf.d/*.tom", false],
    ["/etc/containerd/conf.d/*.tom.", false],
    ["/etc/containerd/conf.d/{50,60}*.toml", false],
    ["/etc/containerd[/]conf.d/*.toml", false],
    ["", false],
  ];
  for (const [pattern, expected] of cases) {
    it(`${JSON.stringify(pattern)}: ${expected}`, () => {
      expect(patternCovers(pattern, path, "/etc/containerd/config.toml")).to.equal(expected);
    });
  }
});

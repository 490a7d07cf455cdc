import { expect } from "chai";
import { describe, it } from "mocha";
import { configPathFrom } from "./containerd-config-flag.ts";
import { serviceProperty } from "./transient-unit.ts";
import { requireUnitName } from "./unit-name.ts";

describe("configPathFrom()", () => {
  const table: readonly (readonly [words: string, path: string | undefined])[] = [
    ["", undefined],
    ["--log-level debug", undefined],
    ["--config /a.toml", "/a.toml"],
    ["--config=/a.toml", "/a.toml"],
    ["-c /a.toml", "/a.toml"],
    ["-c=/a.toml", "/a.toml"],
    ["-config /a.toml", "/a.toml"],
    ["--log-level debug -c /a.toml --root /r", "/a.toml"],
    ["-c /a.toml --config /b.toml", "/b.toml"],
    ["--config=/a=b.toml", "/a=b.toml"],
    ["--config", undefined],
    ["--config=", undefined],
    ["--config $CONFIG", undefined],
    ["--config=${CONFIG}", undefined],
    ["--config-dir /d", undefined],
    ["-cx", undefined],
  ];
  for (const [words, path] of table) {
    it(`finds ${path ?? "nothing"} in "${words}"`, () => {
      expect(configPathFrom(["/usr/bin/containerd", ...words.split(" ")])).to.equal(path);
    });
  }
});

describe("requireUnitName()", () => {
  for (const name of [
    "containerd.service",
    "rcm-dead-man.timer",
    "snap.microk8s.daemon-containerd.service",
    "a@b.service",
  ]) {
    it(`takes "${name}"`, () => {
      expect(() => {
        requireUnitName(name);
      }).not.to.throw();
    });
  }
  for (const name of [
    "",
    "containerd",
    ".service",
    "a b.service",
    "a/b.service",
    "a.service\n",
    `${"a".repeat(250)}.service`,
  ]) {
    it(`refuses ${JSON.stringify(name.slice(0, 20))}`, () => {
      expect(() => {
        requireUnitName(name);
      })
        .to.throw()
        .with.property("code", "INVALID_ARGUMENT");
    });
  }
});

describe("serviceProperty()", () => {
  it("keeps systemd from putting variables into arguments", () => {
    const argv = ["/bin/echo", "$HOME", "${HOME}", "a$$b", "%n"];
    const properties = new Map(serviceProperty({ description: "", argv, type: "oneshot" }));
    const words = ["/bin/echo", "$$HOME", "$${HOME}", "a$$$$b", "%n"];
    expect(properties.get("ExecStart")?.value).to.deep.equal([["/bin/echo", words, false]]);
  });

  for (const argv of [[], ["echo"], ["./echo"]]) {
    it(`refuses the command ${JSON.stringify(argv)}`, () => {
      expect(() => serviceProperty({ description: "", argv, type: "oneshot" }))
        .to.throw()
        .with.property("code", "INVALID_ARGUMENT");
    });
  }
});

import { expect } from "chai";
import { describe, it } from "mocha";
import { parseCommand } from "./command-line.ts";

const SHIM = { name: "spin-v2", handler: "spin-v2", options: {}, noRestart: false, json: false };

describe("parseCommand()", () => {
  const GOOD: readonly (readonly [string, object])[] = [
    ["", { kind: "help" }],
    ["help", { kind: "help" }],
    ["--version", { kind: "version" }],
    ["job fetch", { kind: "job", stage: "fetch" }],
    ["install --shim /a.tar.gz --name spin-v2", { kind: "install", ...SHIM, file: "/a.tar.gz" }],
    [
      "plan --shim a --name spin-v2 --handler spin --option SystemdCgroup=true --option Path=/a=b --no-restart --json",
      {
        kind: "plan",
        ...SHIM,
        handler: "spin",
        options: { SystemdCgroup: "true", Path: "/a=b" },
        noRestart: true,
        json: true,
        file: "a",
      },
    ],
    ["uninstall --name spin-v2", { kind: "uninstall", ...SHIM }],
    ["verify --name spin-v2", { kind: "verify", ...SHIM }],
    ["rollback --json", { kind: "rollback", noRestart: false, json: true }],
  ];
  for (const [line, command] of GOOD) {
    it(`reads "${line}"`, () => {
      expect(parseCommand(line === "" ? [] : line.split(" "))).to.deep.equal(command);
    });
  }

  const BAD: readonly (readonly [string, string])[] = [
    ["instal", 'no command "instal"'],
    ["install --name a", "--shim is missing"],
    ["install --shim a", "--name is missing"],
    ["install --shim a --name A_b", '--name is "A_b"'],
    ["verify --name a --handler ../b", '--handler is "../b"'],
    ["verify --name a b", '"b" is one word too many'],
    ["verify --name a --option x", '--option is "x"'],
    ["verify --nam a", "--nam"],
    ["job", '"job " is not a step'],
    ["job fetch now", '"now" is one word too many'],
  ];
  for (const [line, words] of BAD) {
    it(`refuses "${line}" and says what is wrong`, () => {
      expect(() => parseCommand(line.split(" ")))
        .to.throw(words)
        .with.property("code", "RequestInvalid");
    });
  }
});

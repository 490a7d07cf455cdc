import { expect } from "chai";
import { describe, it } from "mocha";
import { effectiveDifference, hasHandler } from "./effective-difference.ts";

const PATTERN = "/etc/containerd/conf.d/50-rcm-*.toml";
const V2 = `version = 2
imports = ["/etc/containerd/config.toml"]
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "pause:1"
[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
`;
const SPIN_V2 = `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]
runtime_type = "/opt/spin"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin.options]
SystemdCgroup = true
`;
const V3 = V2.replace("version = 2", "version = 3").replaceAll(
  "io.containerd.grpc.v1.cri",
  "io.containerd.cri.v1.runtime",
);
const SPIN_V3 = SPIN_V2.replaceAll("io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime");

function foreign(before: string, after: string): readonly string[] {
  return effectiveDifference({ before, after, handler: "spin", ownImports: [PATTERN] }).foreign;
}

describe("effectiveDifference()", () => {
  const cases: readonly (readonly [what: string, before: string, after: string, expected: readonly string[]])[] = [
    ["nothing", V2, V2, []],
    ["our handler in a dump of version 2", V2, V2 + SPIN_V2, []],
    ["our handler in a dump of version 3", V3, V3 + SPIN_V3, []],
    ["our handler gone", V2 + SPIN_V2, V2, []],
    ["our handler changed", V2 + SPIN_V2, V2 + SPIN_V2.replace("true", "false"), []],
    ["our pattern in the imports", V3, V3.replace("imports = [", `imports = ["${PATTERN}", `), []],
    ["somebody else's pattern in the imports", V3, V3.replace("imports = [", 'imports = ["/x/*.toml", '), ["imports"]],
    ["the version", V2, V2.replace("version = 2", "version = 3"), ["version"]],
    ["the sandbox image", V2, V2.replace("pause:1", "pause:2"), ['plugins."io.containerd.grpc.v1.cri".sandbox_image']],
    [
      "C1 runc gone",
      V2,
      V2.split('[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]')[0] + SPIN_V2,
      ['plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc'],
    ],
    [
      "an option added to runc",
      V2,
      `${V2}options = { Root = "/x" }\n`,
      ['plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options'],
    ],
    [
      "another runtime whose name begins the same",
      V2,
      `${V2}[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin2]\n`,
      ['plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin2'],
    ],
    ["a string that becomes a boolean", 'a = "true"', "a = true", ["a"]],
    ["an integer that becomes a float", "a = 1", "a = 1.0", ["a"]],
    ["a list in another order", "a = [1, 2]", "a = [2, 1]", ["a"]],
    ["several things, sorted", "b = 1\na = 1", "c = 1", ["a", "b", "c"]],
  ];
  for (const [what, before, after, expected] of cases) {
    it(`finds ${expected.length === 0 ? "no foreign change" : "the change"} in ${what}`, () => {
      expect(foreign(before, after)).to.deep.equal(expected);
    });
  }

  it("shows the handler as the candidate has it", () => {
    const { handler } = effectiveDifference({ before: V3, after: V3 + SPIN_V3, handler: "spin", ownImports: [] });
    expect(JSON.stringify(handler)).to.equal('{"runtimeType":"/opt/spin","options":{"SystemdCgroup":true}}');
    expect(effectiveDifference({ before: V3, after: V3, handler: "spin", ownImports: [] }).handler).to.equal(undefined);
  });
});

describe("hasHandler()", () => {
  const wanted = { name: "spin", runtimeType: "/opt/spin", options: { SystemdCgroup: true } };
  const cases: readonly (readonly [what: string, dump: string, expected: boolean])[] = [
    ["as wanted, version 2", V2 + SPIN_V2, true],
    ["as wanted, version 3", V3 + SPIN_V3, true],
    ["not at all", V2, false],
    ["with another path", V2 + SPIN_V2.replace("/opt/spin", "/opt/old"), false],
    ["with another option", V2 + SPIN_V2.replace("true", '"true"'), false],
    ["with one option more", `${V2}${SPIN_V2}X = 1\n`, false],
    ["C4 under the legacy id, which containerd 2 does not use", V3 + SPIN_V2, false],
    ["without CRI", "version = 3", false],
  ];
  for (const [what, dump, expected] of cases) {
    it(`says ${expected} when it is there ${what}`, () => {
      expect(hasHandler(dump, wanted)).to.equal(expected);
    });
  }
});

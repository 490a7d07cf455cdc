import { expect } from "chai";
import { describe, it } from "mocha";
import { containerKind, groupOf } from "./container-kind.ts";
import { parseSpec } from "./parse-spec.ts";
import { CONTAINERD_VERSIONS, CONTAINERS, PAUSES, recordedSpecs } from "./testing/recorded-specs.ts";

const RUNC = "io.containerd.runc.v2.group";
const CRI = "io.kubernetes.cri.sandbox-id";

describe("groupOf()", () => {
  const cases: readonly (readonly [name: string, annotations: object | undefined, group: string | undefined])[] = [
    ["the sandbox of CRI", { [CRI]: "pod" }, "pod"],
    ["the group that runc's shim goes by, before that", { [CRI]: "pod", [RUNC]: "group" }, "group"],
    ["the sandbox, if the group is empty", { [CRI]: "pod", [RUNC]: "" }, "pod"],
    ["nothing for a container outside of pods", {}, undefined],
    ["nothing without annotations", undefined, undefined],
  ];
  for (const [name, annotations, group] of cases) {
    it(`is ${name}`, () => {
      const spec = parseSpec(JSON.stringify({ ociVersion: "1.2.0", annotations }));
      expect(groupOf(spec)).to.equal(group);
    });
  }
});

describe("containerKind()", () => {
  for (const version of CONTAINERD_VERSIONS) {
    it(`tells pauses and containers of containerd ${version} apart`, () => {
      const recorded = recordedSpecs(version);
      const kinds = [...PAUSES, ...CONTAINERS].map((name) => containerKind(parseSpec(JSON.stringify(recorded[name]))));
      expect(kinds).to.deep.equal([...PAUSES.map(() => "sandbox"), ...CONTAINERS.map(() => "container")]);
    });
  }

  it("takes what is outside of pods for a container", () => {
    expect(containerKind({ ociVersion: "1.2.0" })).to.equal("container");
  });
});

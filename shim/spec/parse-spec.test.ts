import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { parseSpec } from "./parse-spec.ts";
import { CONTAINERD_VERSIONS, recordedSpecs } from "./testing/recorded-specs.ts";

const MINIMAL = `"ociVersion":"1.2.0"`;

describe("parseSpec()", () => {
  for (const version of CONTAINERD_VERSIONS) {
    for (const [name, spec] of Object.entries(recordedSpecs(version))) {
      it(`gives back what containerd ${version} wrote for "${name}"`, () => {
        const json = JSON.stringify(spec);
        expect(JSON.stringify(parseSpec(json))).to.equal(json);
      });
    }
  }

  const numbers = [
    "18446744073709551615",
    "-9223372036854775808",
    "1.0",
    "1e3",
    "-0",
    "0.1",
    "123456789012345678901234567890",
  ];
  for (const number of numbers) {
    it(`keeps the number ${number} as it is`, () => {
      const json = `{${MINIMAL},"linux":{"resources":{"unified":[${number}]}},"x":{"__proto__":{"y":${number}}}}`;
      expect(JSON.stringify(parseSpec(json))).to.equal(json);
    });
  }

  it("keeps whatever it does not know", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (value) => {
        const json = `{${MINIMAL},"unknown":${JSON.stringify(JSON.parse(value))}}`;
        expect(JSON.stringify(parseSpec(json))).to.equal(json);
      }),
    );
  });

  it("takes null for absent, as Go writes it", () => {
    const spec = parseSpec(
      `{${MINIMAL},"mounts":null,"annotations":null,"process":{"cwd":"/","args":null,"env":null}}`,
    );
    expect(spec).to.have.property("mounts", null);
  });

  const refused: readonly (readonly [name: string, json: string, message: RegExp])[] = [
    ["no JSON", `{"ociVersion"`, /^Cannot read the OCI spec: .*JSON.*look at what wrote config\.json/],
    ["an unfinished string", `{"ociVersion":"1`, /^Cannot read the OCI spec: .*JSON/],
    ["a list", `[]`, /field "the whole" of the OCI spec: \[\] is no object/],
    ["no version", `{}`, /field "ociVersion" .*: there is none/],
    ["a process without cwd", `{${MINIMAL},"process":{}}`, /field "process\.cwd" .*: there is none/],
    ["a relative cwd", `{${MINIMAL},"process":{"cwd":"x"}}`, /field "process\.cwd" .*: "x" is no absolute path/],
    ["args that are a string", `{${MINIMAL},"process":{"cwd":"/","args":"x"}}`, /"process\.args" .*: "x" is no list/],
    [
      "an argument that is a number",
      `{${MINIMAL},"process":{"cwd":"/","args":["a",1]}}`,
      /"process\.args\[1\]" .*: 1 is no string/,
    ],
    ["a NUL byte", `{${MINIMAL},"process":{"cwd":"/","env":["A=\\u0000"]}}`, /"process\.env\[0\]" .* NUL byte/],
    [
      "a terminal that is a word",
      `{${MINIMAL},"process":{"cwd":"/","terminal":"yes"}}`,
      /"process\.terminal" .*: "yes" is neither true nor false/,
    ],
    [
      "a negative user",
      `{${MINIMAL},"process":{"cwd":"/","user":{"uid":-1}}}`,
      /"process\.user\.uid" .*: -1 is no whole number/,
    ],
    [
      "a user of 33 bits",
      `{${MINIMAL},"process":{"cwd":"/","user":{"additionalGids":[4294967296]}}}`,
      /additionalGids\[0\]" .*4294967296 is no whole/,
    ],
    ["a root without path", `{${MINIMAL},"root":{}}`, /"root\.path" .*: there is none/],
    ["a mount without place", `{${MINIMAL},"mounts":[{}]}`, /"mounts\[0\]\.destination" .*: there is none/],
    ["an annotation that is a number", `{${MINIMAL},"annotations":{"a":1}}`, /"annotations\["a"\]" .*: 1 is no string/],
    ["annotations that are a list", `{${MINIMAL},"annotations":[]}`, /"annotations" .*: \[\] is no object/],
    ["a long value, quoted in part", `{${MINIMAL},"linux":"${"x".repeat(100)}"}`, /"linux" .*: "x{59}… is no object/],
    [
      "too many mounts",
      `{${MINIMAL},"mounts":[${'{"destination":"/a"},'.repeat(65_536)}{"destination":"/a"}]}`,
      /"mounts" .* 65537 items, and the limit is 65536/,
    ],
    [
      "too many bytes",
      `{${MINIMAL},"x":"${"ä".repeat(2_200_000)}"}`,
      /it has 4400\d\d\d bytes, and the limit is 4194304: give the container fewer/,
    ],
    ["too many levels", `{${MINIMAL},"x":${"[".repeat(70)}${"]".repeat(70)}}`, /it has more than 64 levels/],
    ["a million levels", "[".repeat(1_000_000), /it has more than 64 levels/],
  ];
  for (const [name, json, message] of refused) {
    it(`refuses ${name}`, () => {
      expect(() => parseSpec(json))
        .to.throw(message)
        .with.property("code", "SPEC_INVALID");
    });
  }

  it("counts no brackets inside strings", () => {
    const text = `\\"${"[".repeat(100)}\\\\`;
    expect(parseSpec(`{${MINIMAL},"x":"${text}"}`)).to.have.property("x", `"${"[".repeat(100)}\\`);
  });
});

import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { decodeGuest, encodeGuest } from "./guest-document.ts";

const EMPTY = { args: [], env: [], cwd: "/" };

describe("encodeGuest()", () => {
  it("gives decodeGuest() back what it got, whatever the characters", () => {
    const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", ""));
    const document = fc.record({ args: fc.array(text), env: fc.array(text), cwd: text });
    fc.assert(
      fc.property(document, (guest) => {
        expect(decodeGuest(asEnv(encodeGuest(guest)))).to.deep.equal(guest);
      }),
    );
  });

  it("makes variables that Linux takes, of plain ASCII", () => {
    const guest = { ...EMPTY, env: [`A=${"ä€😀\n".repeat(30_000)}`] };
    const variables = encodeGuest(guest);
    expect(variables).to.have.lengthOf(8);
    for (const variable of variables) expect(variable).to.match(/^RCM_GUEST_\d=[ -~]{1,100000}$/);
    expect(decodeGuest(asEnv(variables))).to.deep.equal(guest);
  });

  it("refuses more than a process can be given", () => {
    const variables = Array.from({ length: 20_000 }, (_, index) => `SERVICE_${String(index)}=${"x".repeat(64)}`);
    expect(() => encodeGuest({ ...EMPTY, env: variables }))
      .to.throw(/^Cannot hand process\.args and process\.env .* have 1\d{6} bytes .* the limit is 1500000: give the/)
      .with.property("code", "SPEC_UNSUPPORTED");
  });
});

describe("decodeGuest()", () => {
  const refused: readonly (readonly [name: string, env: Record<string, string>, message: RegExp])[] = [
    ["nothing", {}, /^Cannot read the variables "RCM_GUEST_0"…: start the executor by the shim$/],
    ["half a document", { RCM_GUEST_0: `{"args":[` }, /^Cannot read the variables/],
    ["a list", { RCM_GUEST_0: "[]" }, /"RCM_GUEST_" .*: \[\] is no object/],
    [
      "a document without arguments",
      { RCM_GUEST_0: `{"env":[],"cwd":"/"}` },
      /"RCM_GUEST_args" .*: nothing is no list/,
    ],
    ["a variable that is a number", { RCM_GUEST_0: `{"args":[],"env":[1],"cwd":"/"}` }, /"RCM_GUEST_env\[0\]"/],
  ];
  for (const [name, env, message] of refused) {
    it(`refuses ${name}`, () => {
      expect(() => decodeGuest(env))
        .to.throw(message)
        .with.property("code", "SPEC_INVALID");
    });
  }
});

function asEnv(variables: readonly string[]): Record<string, string> {
  const entries = variables.map((variable): [string, string] => {
    const end = variable.indexOf("=");
    return [variable.slice(0, end), variable.slice(end + 1)];
  });
  return Object.fromEntries(entries);
}

import { expect } from "chai";
import { describe, it } from "mocha";
import { acceleratorOptions } from "./accelerator.ts";

describe("acceleratorOptions()", () => {
  for (const [what, flags, accelerator] of [
    ["an Intel processor that runs guests", "fpu vme vmx ssse3", "kvm"],
    ["one of AMD's", "fpu svm", "kvm"],
    ["one that does not", "fpu vme hypervisor", "tcg"],
    ["one with a feature of a similar name", "fpu svm_lock avmx", "tcg"],
  ] as const) {
    it(`are ${accelerator}'s with ${what}`, () => {
      const cpuinfo = `processor\t: 0\nmodel name\t: with svm\nflags\t\t: ${flags}\n`;
      expect(acceleratorOptions(cpuinfo).slice(0, 2)).to.deep.equal(["-accel", accelerator]);
    });
  }
});

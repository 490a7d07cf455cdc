import { expect } from "chai";
import { describe, it } from "mocha";
import { parseMountOptions } from "./mount-options.ts";

const RDONLY = 1;
const NOSUID = 2;
const NOEXEC = 8;
const BIND = 4096;
const REC = 16_384;
const SLAVE = 1 << 19;

describe("parseMountOptions()", () => {
  const none = { flags: 0, bindFlags: 0, propagation: 0, data: [] };
  const cases = [
    { options: [], expected: none },
    { options: ["rw", "defaults", ""], expected: none },
    { options: ["ro", "nosuid"], expected: { ...none, flags: RDONLY | NOSUID } },
    { options: ["ro", "rw"], expected: none },
    { options: ["exec", "noexec"], expected: { ...none, flags: NOEXEC } },
    { options: ["bind"], expected: { ...none, flags: BIND } },
    { options: ["rbind", "ro"], expected: { ...none, flags: BIND | REC | RDONLY, bindFlags: RDONLY } },
    { options: ["rbind", "rslave"], expected: { ...none, flags: BIND | REC, propagation: SLAVE | REC } },
    {
      options: ["workdir=/w", "upperdir=/u", "lowerdir=/a:/b", "index=off"],
      expected: { ...none, data: ["workdir=/w", "upperdir=/u", "lowerdir=/a:/b", "index=off"] },
    },
  ];
  for (const { options, expected } of cases) {
    it(`sorts "${options.join(",")}"`, () => {
      expect(parseMountOptions(options)).to.deep.equal(expected);
    });
  }
});

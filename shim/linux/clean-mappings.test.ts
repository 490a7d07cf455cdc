import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { cleanMappings } from "./clean-mappings.ts";

describe("cleanMappings()", () => {
  for (const [what, first, anonymous, isClean] of [
    ["code of a file", "00400000-00500000 r-xp 00001000 fe:01 1234 /usr/bin/shim", 0, true],
    ["constants of a file", "00400000-00500000 r--p 00000000 fe:01 1234 /usr/bin/shim", 0, true],
    ["a file with a blank in its name", "00400000-00500000 r--p 00000000 fe:01 1234   /usr/a shim (deleted)", 0, true],
    ["constants that were relocated", "00400000-00500000 r--p 00000000 fe:01 1234 /usr/bin/shim", 8, false],
    ["data", "00400000-00500000 rw-p 00000000 fe:01 1234 /usr/bin/shim", 0, false],
    ["what is shared", "00400000-00500000 r--s 00000000 fe:01 1234 /usr/bin/shim", 0, false],
    ["what may not be touched", "00400000-00500000 ---p 00000000 fe:01 1234 /usr/bin/shim", 0, false],
    ["what is no file's", "00400000-00500000 r-xp 00000000 00:00 0 ", 0, false],
    ["the kernel's own", "00400000-00500000 r-xp 00000000 00:00 0    [vdso]", 0, false],
  ] as const) {
    it(`${isClean ? "has" : "has not"} ${what}`, () => {
      const text = `${first}\nSize:  1024 kB\nAnonymous:   ${String(anonymous)} kB\nVmFlags: rd ex \n`;
      const wanted = isClean ? [{ address: 0x40_0000n, bytes: 0x10_0000n, line: first }] : [];
      expect(cleanMappings(text)).to.deep.equal(wanted);
    });
  }

  it("finds this program's own, each once, in order", () => {
    const found = cleanMappings(readFileSync("/proc/self/smaps", "utf8"));
    const addresses = found.map(({ address }) => address);
    expect(addresses).to.have.property("length").above(2);
    const lines = readFileSync("/proc/self/maps", "utf8").split("\n");
    expect(lines).to.include.members(found.map(({ line }) => line));
    expect(addresses).to.deep.equal([...new Set(addresses)].toSorted((a, b) => (a < b ? -1 : 1)));
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { containerdMajor, majorIn, parentOf } from "./containerd-major.ts";
import { startReply } from "./reply.ts";

describe("majorIn()", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n", 1],
    ["containerd github.com/containerd/containerd 1.7.24~ds1 1.7.24~ds1-6+deb13u1\n", 1],
    ["containerd github.com/containerd/containerd/v2 2.1.9+ds1 2.1.9+ds1-5\n", 2],
    ["containerd containerd.io v2.3.4 abcdef\n", 2],
    ["something else", 1],
    ["", 1],
  ];
  for (const [output, want] of cases) {
    it(`finds ${want} in "${output.trim()}"`, () => {
      expect(majorIn(output)).to.equal(want);
    });
  }
});

describe("containerdMajor()", () => {
  it("asks a program once, and remembers its answer by its file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rcm-major-"));
    try {
      // Node itself answers --version with its own, which has no blank before it.
      expect(await containerdMajor(process.pid, folder)).to.equal(1);
      const [name = ""] = readdirSync(folder);
      expect(readFileSync(join(folder, name), "utf8")).to.equal("1");
      writeFileSync(join(folder, name), "2");
      expect(await containerdMajor(process.pid, folder)).to.equal(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("takes a process that is gone for an old one", async () => {
    expect(await containerdMajor(2 ** 22 + 1)).to.equal(1);
  });
});

describe("parentOf()", () => {
  it("is who started the process", () => {
    expect(parentOf(process.pid)).to.equal(process.ppid);
    expect(parentOf(2 ** 22 + 1)).to.equal(0);
  });
});

describe("startReply()", () => {
  it("is the plain address for containerd 1, and version 3 from 2 on", () => {
    expect(startReply("unix:///s", 1)).to.equal("unix:///s");
    expect(JSON.parse(startReply("unix:///s", 2))).to.deep.equal({
      version: 3,
      address: "unix:///s",
      protocol: "ttrpc",
    });
  });
});

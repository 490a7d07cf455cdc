import {
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { setFileTimes } from "./set-file-times.ts";

const O_PATH = 0x20_0000;

function setTimes(path: string, flags: number, times: Parameters<typeof setFileTimes>[1]): void {
  const fd = openSync(path, flags);
  try {
    setFileTimes(fd, times);
  } finally {
    closeSync(fd);
  }
}

describe("setFileTimes()", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "file-times-"));
    file = join(folder, "file");
    writeFileSync(file, "");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is exact, and leaves a time that is to be kept", () => {
    const first = { seconds: 1_000_000_000n, nanoseconds: 123_456_789 };
    const second = { seconds: 2_000_000_000n, nanoseconds: 987_654_321 };
    setTimes(file, constants.O_RDONLY, { access: first, modification: second });
    setTimes(file, O_PATH, { access: second, modification: "keep" });
    const { atimeNs, mtimeNs } = statSync(file, { bigint: true });
    expect([atimeNs, mtimeNs]).to.deep.equal([2_000_000_000_987_654_321n, 2_000_000_000_987_654_321n]);
  });

  it("sets the clock's time where that is asked for", () => {
    setTimes(file, O_PATH, { access: "now", modification: { seconds: 1n, nanoseconds: 0 } });
    const { atimeMs, mtimeMs } = statSync(file);
    expect(atimeMs).to.be.within(Date.now() - 60_000, Date.now() + 1000);
    expect(mtimeMs).to.equal(1000);
  });

  it("sets those of a link that is opened itself", () => {
    const link = join(folder, "link");
    symlinkSync("file", link);
    setTimes(link, O_PATH | constants.O_NOFOLLOW, { access: "keep", modification: { seconds: 5n, nanoseconds: 6 } });
    expect(lstatSync(link, { bigint: true }).mtimeNs).to.equal(5_000_000_006n);
    expect(statSync(file).mtimeMs).to.be.greaterThan(1_000_000);
  });

  it("fails with the kernel's code", () => {
    expect(() => {
      setFileTimes(1 << 20, { access: "now", modification: "now" });
    })
      .to.throw("fd 1048576")
      .with.property("code", "EBADF");
  });
});

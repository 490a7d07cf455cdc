import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { openBeneath } from "./open-beneath.ts";

describe("openBeneath()", () => {
  let folder: string;
  let dirFd: number;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "beneath-"));
    mkdirSync(join(folder, "root/in"), { recursive: true });
    writeFileSync(join(folder, "root/in/file"), "inside");
    writeFileSync(join(folder, "secret"), "outside");
    symlinkSync("../../secret", join(folder, "root/in/out"));
    symlinkSync("in/file", join(folder, "root/link"));
    dirFd = openSync(join(folder, "root"), constants.O_RDONLY | constants.O_DIRECTORY);
  });

  after(() => {
    closeSync(dirFd);
    rmSync(folder, { recursive: true });
  });

  for (const path of ["in/file", "link", "in/../in/file"]) {
    it(`opens "${path}"`, () => {
      const fd = openBeneath(dirFd, path, constants.O_RDONLY);
      expect(readFileSync(fd, "utf8")).to.equal("inside");
      closeSync(fd);
    });
  }

  for (const path of ["../secret", "in/out", "/etc/passwd"]) {
    it(`does not follow "${path}" out of the folder`, () => {
      expect(() => openBeneath(dirFd, path, constants.O_RDONLY))
        .to.throw(path)
        .with.property("code", "EXDEV");
    });
  }

  it("makes a file with a mode", () => {
    closeSync(openBeneath(dirFd, "new", constants.O_WRONLY | constants.O_CREAT, 0o600));
    expect(readFileSync(join(folder, "root/new"), "utf8")).to.equal("");
  });
});

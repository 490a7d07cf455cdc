import { expect } from "chai";
import { describe, it } from "mocha";
import { runcErrorFrom } from "./errors.ts";

describe("runcErrorFrom()", () => {
  const cases = [
    ["container does not exist", "NotFound"],
    ['container "a" does not exist', "NotFound"],
    ["os: process already finished", "NotFound"],
    ["unable to signal init: no such process", "NotFound"],
    ["container with given ID already exists", "AlreadyExists"],
    ["runc create failed: container with id exists: a", "AlreadyExists"],
    ["invalid container id format: a/b", "InvalidArgument"],
    ["invalid id format: a/b", "InvalidArgument"],
    ["container not running", "FailedPrecondition"],
    ["cannot delete container a that is not stopped: running", "FailedPrecondition"],
    ["cannot start an already running container", "FailedPrecondition"],
    ["cannot start a container that has stopped", "FailedPrecondition"],
    ["cannot exec in a stopped container", "FailedPrecondition"],
    ["container not paused", "FailedPrecondition"],
    ["container not running or created: paused", "FailedPrecondition"],
    ["cannot exec in a paused container (use --ignore-paused to override)", "FailedPrecondition"],
    ['runc create failed: unable to start container process: exec: "x": executable file not found in $PATH', "Unknown"],
    ["runc create failed: stat /a/rootfs: no such file or directory", "Unknown"],
  ] as const;
  for (const [said, code] of cases) {
    it(`takes "${said}" for ${code}`, () => {
      expect(runcErrorFrom(said)).to.include({ code, message: said });
    });
  }
});

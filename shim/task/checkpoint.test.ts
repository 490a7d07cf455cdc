import { expect } from "chai";
import { describe, it } from "mocha";
import { CheckpointOptions } from "../proto/options.ts";
import { checkpointFlags } from "./checkpoint.ts";

describe("checkpointFlags()", () => {
  const cases = [
    ["lets the container run on when nothing is said", {}, ["--leave-running"]],
    ["ends it when that is wanted", { exit: true }, []],
    [
      "names each option as runc does",
      { openTcp: true, externalUnixSockets: true, terminal: true, fileLocks: true },
      ["--leave-running", "--tcp-established", "--ext-unix-sk", "--shell-job", "--file-locks"],
    ],
  ] as const;
  for (const [what, options, flags] of cases) {
    it(what, () => {
      const sent = CheckpointOptions.encode(options);
      expect(checkpointFlags(CheckpointOptions.decode(sent))).to.deep.equal(flags);
    });
  }
});

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";

/** Opens files until there can be no more, and then stops a runc. */
const PROGRAM = `
import { EventEmitter } from "node:events";
import { openSync, writeSync } from "node:fs";
import { stopRunc } from ${JSON.stringify(join(import.meta.dirname, "stop-runc.ts"))};
try {
  for (;;) openSync("/dev/null");
} catch (error) {
  writeSync(1, error.code + " ");
}
const runc = Object.assign(new EventEmitter(), { pid: 2 ** 22 + 1, kill: () => undefined });
stopRunc(runc);
setTimeout(() => {
  runc.emit("exit");
  writeSync(1, "stopped");
}, 250);
`;

describe("stopRunc()", () => {
  it("throws nothing, in no round, when too many files are open", () => {
    const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", PROGRAM];
    const { stdout, stderr } = spawnSync(
      "sh",
      ["-c", 'ulimit -n 64; unset NODE_V8_COVERAGE; exec "$@"', "sh", ...node],
      {
        encoding: "utf8",
        timeout: 20_000,
      },
    );
    expect({ stdout, stderr }).to.deep.equal({ stdout: "EMFILE stopped", stderr: "" });
  });
});

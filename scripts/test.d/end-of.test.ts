import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { endGroup, endOf } from "./end-of.ts";

const SOON_MS = 100;

describe("endOf()", () => {
  const left: number[] = [];
  afterEach(() => {
    for (const pid of left.splice(0)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended, as it should.
      }
    }
  });

  it("returns the exit code, or 1 after a signal", async () => {
    expect(await endOf(start("exit 3"))).to.equal(3);
    expect(await endOf(start("kill -9 $$"))).to.equal(1);
  });

  for (const [what, run] of [
    ["in its group", ""],
    ["out of its group", "setsid"],
  ] as const) {
    it(`does not wait for what holds the output open, ${what}`, async () => {
      const child = start(`${run} sleep 1000 & echo $!; exit 4`);
      const ended = endOf(child, SOON_MS);
      const [pid] = (await once(child.stdout ?? child, "data")) as [Buffer];
      left.push(Number(pid.toString()));
      expect(await ended).to.equal(4);
    }).timeout(10_000);
  }
});

describe("endGroup()", () => {
  it("does nothing where all have ended", async () => {
    const child = spawn("true", { stdio: "ignore", detached: true });
    await once(child, "exit");
    endGroup(child);
  });
});

function start(script: string): ChildProcess {
  return spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "pipe"], detached: true });
}

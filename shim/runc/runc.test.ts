import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Runc } from "./runc.ts";

let folder: string;

// A shell script in runc's place shows what runc is given; test/integration has the real one.
describe("Runc", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "runc-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const common = { id: "c", pidFile: "/p", stdio: [0, 1, 2] as const };
  const calls: readonly (readonly [string, (runc: Runc) => Promise<unknown>])[] = [
    ["create --bundle /b --pid-file /p c", async (runc) => runc.create({ ...common, bundle: "/b" }, soon())],
    [
      "create --bundle /b --pid-file /p --console-socket /s --no-pivot --no-new-keyring c",
      async (runc) =>
        runc.create({ ...common, bundle: "/b", consoleSocket: "/s", noPivotRoot: true, noNewKeyring: true }, soon()),
    ],
    [
      "exec --detach --process /j --pid-file /p --console-socket /s c",
      async (runc) => runc.exec({ ...common, processJsonFile: "/j", consoleSocket: "/s" }, soon()),
    ],
    ["start c", async (runc) => runc.start({ id: "c", pid: 1, hasPoststartHooks: true }, soon())],
    ["start c", async (runc) => runc.start({ id: "c", pid: 1, hasPoststartHooks: false }, soon())],
    ["kill c 15", async (runc) => runc.kill("c", { signal: 15, all: false }, soon())],
    ["kill --all c 9", async (runc) => runc.kill("c", { signal: 9, all: true }, soon())],
    ["delete c", async (runc) => runc.delete("c", { force: false }, soon())],
    ["delete --force c", async (runc) => runc.delete("c", { force: true }, soon())],
    ["pause c", async (runc) => runc.pause("c", soon())],
    ["resume c", async (runc) => runc.resume("c", soon())],
    ["update --resources - c", async (runc) => runc.update("c", "{}", soon())],
    [
      "checkpoint --image-path /i --work-path /w --leave-running c",
      async (runc) =>
        runc.checkpoint({ id: "c", imagePath: "/i", workPath: "/w", options: ["--leave-running"] }, soon()),
    ],
  ];
  for (const [expected, call] of calls) {
    it(`calls runc ${expected}`, async () => {
      await call(runcOf(`echo "$*" > ${folder}/args`));
      const args = readFileSync(join(folder, "args"), "utf8").trim();
      expect(args).to.equal(`--root ${folder}/root --log /proc/self/fd/3 --log-format json ${expected}`);
      expect(readdirSync(join(folder, "root"))).to.deep.equal([]);
    });
  }

  it("passes a descriptor to the container's program as fd 3", async () => {
    const passed = openSync(join(folder, "passed"), "w");
    const runc = runcOf(`echo "$*" > ${folder}/args; echo hello >&3; echo of runc >&4`);
    await runc.create({ ...common, bundle: "/b", preserved: passed }, soon());
    closeSync(passed);
    const args = readFileSync(join(folder, "args"), "utf8");
    expect(args).to.include("--log /proc/self/fd/4 ").and.to.include("--preserve-fds 1 c");
    expect(readFileSync(join(folder, "passed"), "utf8")).to.equal("hello\n");
  });

  it("reads state and pids", async () => {
    const state = { id: "c", pid: 7, status: "running", bundle: "/b" };
    expect(await runcOf(`echo '${JSON.stringify(state)}'`).state("c", soon())).to.deep.equal(state);
    expect(await runcOf("echo '[1,2]'").ps("c", soon())).to.deep.equal([1, 2]);
    expect(await runcOf("echo null").ps("c", soon())).to.deep.equal([]);
  });

  for (const [said, expected] of [
    ['echo \'{ "linux": { "seccomp": {\n "enabled": true, "actions": [] } } }\'', true],
    ['echo \'{ "linux": { "seccomp": {"enabled": false}, "cgroup": {"enabled": true} } }\'', false],
    ["exit 1", false],
  ] as const) {
    it(`${expected ? "sees" : "does not see"} that runc filters calls: ${said}`, async () => {
      expect(await runcOf(said).filtersCalls(soon())).to.equal(expected);
    });
  }

  it("gives the resources of an update on stdin", async () => {
    await runcOf(`cat > ${folder}/input`).update("c", '{"pids":{"limit":7}}', soon());
    expect(readFileSync(join(folder, "input"), "utf8")).to.equal('{"pids":{"limit":7}}');
  });

  const failures: readonly (readonly [string, string, string])[] = [
    [`echo '{"level":"error","msg":"container does not exist"}' >&3; exit 1`, "NotFound", "container does not exist"],
    ["echo cannot load >&2; exit 127", "Unknown", "cannot load"],
    ["exit 3", "Unknown", "exit code 3 and gave no reason"],
    ["kill -9 $$", "Unknown", "signal SIGKILL and gave no reason"],
    ["echo '[\"x\"]'", "Unknown", "no list of pids"],
    ["echo nonsense", "Unknown", "no JSON: nonsense"],
  ];
  for (const [script, code, message] of failures) {
    it(`fails with ${code} when runc does: ${script}`, async () => {
      const error = await caught(runcOf(script).ps("c", soon()));
      expect(error).to.have.property("code", code);
      expect(error).to.have.property("message").that.includes(message);
    });
  }

  it("refuses a state that is none", async () => {
    expect(await caught(runcOf("echo 1").state("c", soon())))
      .to.have.property("message")
      .that.includes("no state");
    const incomplete = runcOf(`echo '{"id":"c"}'`).state("c", soon());
    expect(await caught(incomplete))
      .to.have.property("message")
      .that.includes("no state");
  });

  it("has runc clean up when the caller gives up, and then throws the reason", async () => {
    const runc = runcOf(`sleep 77; echo cleaned > ${folder}/cleaned; exit 1`);
    expect(await caught(runc.pause("c", AbortSignal.timeout(100)))).to.have.property("name", "TimeoutError");
    expect(readFileSync(join(folder, "cleaned"), "utf8")).to.equal("cleaned\n");
  });

  it("kills a runc that does not give up", async () => {
    const begun = performance.now();
    const error = await caught(runcOf("while :; do sleep 0.05; done").pause("c", AbortSignal.timeout(50)));
    expect(error).to.have.property("name", "TimeoutError");
    expect(performance.now() - begun).to.be.within(1900, 6000);
  });

  it("does not run runc for a caller that has given up before", async () => {
    const error = await caught(runcOf(`touch ${folder}/ran`).pause("c", AbortSignal.abort(new Error("too late"))));
    expect(error).to.have.property("message", "too late");
    expect(existsSync(join(folder, "ran"))).to.equal(false);
  });

  it("says which program is missing", async () => {
    const runc = new Runc({ binary: "/nonesuch/runc", root: join(folder, "root"), systemdCgroup: true, spawn });
    const error = await caught(runc.pause("c", soon()));
    expect(error).to.have.property("code", "FailedPrecondition");
    expect(error)
      .to.have.property("message")
      .that.matches(/^Cannot run "\/nonesuch\/runc": there is no such program/);
  });
});

function runcOf(script: string): Runc {
  const binary = join(folder, "runc");
  writeFileSync(binary, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  mkdirSync(join(folder, "root"), { recursive: true });
  return new Runc({ binary, root: join(folder, "root"), spawn });
}

function soon(): AbortSignal {
  return AbortSignal.timeout(10_000);
}

async function caught(work: Promise<unknown>): Promise<unknown> {
  return work.catch((reason: unknown) => reason);
}

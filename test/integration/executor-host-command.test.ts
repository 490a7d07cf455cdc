import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type Ended, ExecutorProcess } from "../support/executor-process.ts";
import { buildRustGuest } from "../support/rust-guest.ts";

describe("executor run", () => {
  let component: string;
  let folder: string;

  before(async function () {
    this.timeout(600_000);
    component = join(await buildRustGuest("rust-host"), "rust-command.wasm");
    folder = mkdtempSync(join(tmpdir(), "executor-run-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function run(flags: readonly string[], args: readonly string[], input = ""): Promise<Ended> {
    const executor = new ExecutorProcess(["run", ...flags, component, ...args], { OF_THE_HOST: "1" });
    executor.write(input);
    return executor.ended();
  }

  it("gives the guest its arguments, flags among them", async () => {
    const { code, stdout } = await run([], ["arguments", "a", "--env", "b c", ""]);
    expect(stdout).to.equal('["a", "--env", "b c", ""]\n');
    expect(code).to.equal(0);
  });

  it("ends when the guest has ended, though its input is open", async () => {
    const executor = new ExecutorProcess(["run", component]);
    const { code, stdout } = await executor.ended();
    expect([code, stdout]).to.deep.equal([0, "Hello from a command\n"]);
  });

  it("gives the guest the environment that it is told to, and no other", async () => {
    expect((await run([], ["environment"])).stdout).to.equal("[]\n");
    expect((await run(["--env", "A=b=c"], ["environment"])).stdout).to.equal('[("A", "b=c")]\n');
    expect((await run(["--inherit-env"], ["environment"])).stdout).to.equal('[("OF_THE_HOST", "1")]\n');
  });

  it("connects the three streams", async () => {
    const text = "größe\n".repeat(50_000);
    const { code, stdout, stderr } = await run([], ["copy"], text);
    expect(stdout).to.equal(text.toUpperCase());
    expect(stderr).to.equal(`${Buffer.byteLength(text)} bytes\n`);
    expect(code).to.equal(0);
  });

  it("ends with the guest's exit code, and 137 for a trap, which is in the log", async () => {
    expect((await run([], ["exit", "0"])).code).to.equal(0);
    expect((await run([], ["exit", "1"])).code).to.equal(1);
    for (const how of ["trap", "panic"]) {
      const { code, stderr } = await run([], [how]);
      expect(code).to.equal(137);
      expect(stderr).to.match(/"message":"Run failed","reason":"the guest trapped: unreachable"/);
    }
  });

  it("gives the guest the folders that it is told to", async () => {
    writeFileSync(join(folder, "in"), "of the host\n");
    const flags = ["--dir", `${folder}::/data`];
    expect((await run(flags, ["read", "/data/in"])).stdout).to.equal("of the host\n");
    expect((await run(flags, ["write", "/data/out", "of the guest"])).code).to.equal(0);
    expect(readFileSync(join(folder, "out"), "utf8")).to.equal("of the guest");
    expect((await run(flags, ["read", "/data/../in"])).stdout).to.match(/not permitted|No such file/);
    expect((await run([], ["read", "/data/in"])).stdout).not.to.include("of the host");
    expect((await run(["--dir", `${folder}::/data:ro`], ["write", "/data/no", "a"])).code).to.equal(137);
  });

  it("stops by SIGTERM, whether the guest waits or computes", async () => {
    for (const how of ["sleep", "spin"]) {
      const executor = new ExecutorProcess(["run", component, how]);
      await executor.until(() => executor.stdout.includes("started"));
      const start = performance.now();
      expect((await executor.stop()).code, how).to.equal(143);
      expect(performance.now() - start).to.be.lessThan(10_000);
    }
  });

  it("takes what was prepared before from its cache", async () => {
    const cache = join(folder, "cache");
    for (let round = 0; round < 2; round += 1) {
      expect((await run(["--cache", cache], [])).stdout).to.equal("Hello from a command\n");
    }
  });

  it("bounds the guest's memory", async () => {
    const { code, stderr } = await run(["--max-memory-bytes", "65536"], []);
    expect(code).to.equal(2);
    expect(stderr).to.match(/memory begins with \d+ pages, more than 1/);
  });
});

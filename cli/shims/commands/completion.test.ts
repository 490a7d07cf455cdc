import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { run } from "../../build-examples.ts";
import { flagsOf } from "../../help.ts";
import { KUBECTL_SHIM } from "../program.ts";

describe("kubectl shim completion", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-kubectl-completion-"));
    const { stdout } = await run(["completion"], { program: KUBECTL_SHIM });
    const path = join(folder, "kubectl_complete-shim");
    await writeFile(path, stdout);
    await chmod(path, 0o755);
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  /** What it prints for these words; the last of them is to be completed. */
  async function offered(...words: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await promisify(execFile)(join(folder, "kubectl_complete-shim"), [...words]);
    return stdout.trimEnd().split("\n");
  }

  it("offers all commands, and those that begin so", async () => {
    expect(await offered("")).to.deep.equal([...KUBECTL_SHIM.commands.map(({ name }) => name), ":4"]);
    expect(await offered("re")).to.deep.equal(["retry", "resume", ":4"]);
  });

  for (const command of KUBECTL_SHIM.commands) {
    it(`offers every flag of ${command.name}`, async () => {
      const flags = Object.keys(flagsOf(command)).map((name) => `--${name}`);
      expect(await offered(command.name, "--")).to.deep.equal([...flags, ":4"]);
    });
  }

  it("offers what a flag may be, files where it takes one, and else nothing", async () => {
    expect(await offered("status", "-o", "")).to.deep.equal(["table", "yaml", "json", ":4"]);
    expect(await offered("status", "--output", "y")).to.deep.equal(["yaml", ":4"]);
    expect(await offered("wait", "spin", "--kubeconfig", "/")).to.deep.equal([":0"]);
    expect(await offered("logs", "spin", "--node", "")).to.deep.equal([":4"]);
    expect(await offered("nope", "")).to.deep.equal([":4"]);
    expect(await offered("wait", "$(touch x)*")).to.deep.equal([":4"]);
  });
});

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { run } from "../build-examples.ts";
import { wordsOf } from "../completion/words.ts";
import { flagsOf } from "../help.ts";
import { KUBE } from "../kube.ts";

describe("kube completion", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-completion-"));
    await writeFile(join(folder, "kube.bash"), (await run(["completion", "bash"])).stdout);
    await writeFile(join(folder, "some.yaml"), "");
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  /** What bash offers for the last word. */
  async function offered(...words: readonly string[]): Promise<readonly string[]> {
    const script =
      'source ./kube.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kube; printf "%s\\n" "${COMPREPLY[@]}"';
    const { stdout } = await promisify(execFile)("bash", ["-c", script, "bash", "kube", ...words], { cwd: folder });
    return stdout.split("\n").filter((line) => line !== "");
  }

  it("offers bash all commands, and those that begin so", async () => {
    expect(await offered("")).to.deep.equal(KUBE.commands.map(({ name }) => name));
    expect(await offered("de")).to.deep.equal(["deploy", "delete"]);
  });

  for (const command of KUBE.commands) {
    it(`offers every shell every flag of ${command.name}`, async () => {
      const choices = command.argument?.choices ?? [];
      expect(await offered(command.name, "")).to.deep.equal([...choices, ...wordsOf(command)]);
      const [zsh, fish] = await Promise.all(["zsh", "fish"].map(async (shell) => run(["completion", shell])));
      const ofZsh = lineWith(zsh?.stdout, `        ${command.name}) _arguments`);
      for (const [name, { kind, short }] of Object.entries(flagsOf(command))) {
        expect(ofZsh).to.include(kind === "switch" ? `'--${name}[` : `'--${name}=[`);
        if (short !== undefined) expect(ofZsh).to.include(kind === "switch" ? `'-${short}[` : `'-${short}+[`);
        const start = `complete -c kube -n '__fish_seen_subcommand_from ${command.name}' -l ${name} `;
        expect(lineWith(fish?.stdout, start)).to.include(short === undefined ? start : ` -s ${short} `);
      }
    });
  }

  it("offers bash what a flag may be, files where it takes one, and else nothing", async () => {
    expect(await offered("scaffold", "--autoscaler", "")).to.deep.equal(["hpa", "keda"]);
    expect(await offered("get", "-o", "y")).to.deep.equal(["yaml"]);
    expect(await offered("scaffold", "-c", "some")).to.deep.equal(["some.yaml"]);
    expect(await offered("scaffold", "--from", "")).to.deep.equal([]);
  });

  it("leaves out descriptions when told to", async () => {
    for (const shell of ["zsh", "fish"]) {
      const whole = (await run(["completion", shell])).stdout;
      const short = (await run(["completion", shell, "--no-descriptions"])).stdout;
      expect([whole.includes("Delete an application"), short.includes("Delete an application")]).to.deep.equal([
        true,
        false,
      ]);
      expect([whole.includes("port of this machine"), short.includes("port of this machine")]).to.deep.equal([
        true,
        false,
      ]);
    }
  });
});

function lineWith(text = "", start = ""): string {
  return text.split("\n").find((line) => line.startsWith(start)) ?? "";
}

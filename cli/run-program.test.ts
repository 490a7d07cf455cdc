import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { firstProblem, run } from "./build-examples.ts";
import { Stopped } from "./errors.ts";
import { flagsOf, rootHelp } from "./help.ts";
import { KUBE } from "./kube.ts";
import { VERSION } from "./version.ts";

describe("runProgram()", () => {
  it("describes itself without a command, and when asked to", async () => {
    for (const args of [[], ["-h"], ["--help"], ["help"]]) {
      expect(await run(args)).to.deep.equal({ code: 0, stdout: rootHelp(KUBE), stderr: "" });
    }
    for (const { name } of KUBE.commands) expect(rootHelp(KUBE)).to.match(new RegExp(`^  ${name} +\\w`, "m"));
  });

  for (const command of KUBE.commands) {
    it(`describes every flag of ${command.name}, and no other`, async () => {
      const help = await run(["help", command.name]);
      expect(help.code).to.equal(0);
      for (const form of [["--help"], ["-h"]]) {
        expect(await run([command.name, ...form])).to.deep.equal(help);
      }
      const described = help.stdout
        .split("\n")
        .flatMap((line) => /^ {2}(?:-(.),|   ) --([\w-]+)/.exec(line)?.slice(1) ?? []);
      const flags = Object.entries(flagsOf(command)).toSorted(([one], [other]) => (one < other ? -1 : 1));
      expect(described).to.deep.equal(flags.flatMap(([name, { short }]) => [short, name]));
    });

    it(`gives no two flags of ${command.name} the same letter`, () => {
      const letters = Object.values(flagsOf(command)).flatMap(({ short }) => short ?? []);
      expect(new Set(letters).size).to.equal(letters.length);
    });
  }

  it("prints its version", async () => {
    const manifest: unknown = JSON.parse(await readFile(join(import.meta.dirname, "package.json"), "utf8"));
    expect(manifest).to.have.property("version", VERSION);
    for (const flag of ["-v", "--version"]) {
      expect(await run([flag])).to.include({ code: 0, stdout: `kube version ${VERSION}\n` });
    }
    expect(await run(["version", "-s"])).to.include({ code: 0, stdout: `${VERSION}\n` });
    expect(await run(["version", "--short"])).to.include({ code: 0, stdout: `${VERSION}\n` });
  });

  it("prints the version of Spin, and leaves out a cluster that does not answer", async () => {
    const stdout = `Plugin Version: ${VERSION}\nSpin Version  : v2.3.1\n`;
    const outcome = await run(["version", "--server", "https://127.0.0.1:1"], { env: { SPIN_VERSION: "2.3.1" } });
    expect(outcome).to.deep.equal({ code: 0, stdout, stderr: "" });
  });

  const refusals: readonly [args: readonly string[], problem: string][] = [
    [["nope"], 'unknown command "nope" for "kube"'],
    [["constructor"], 'unknown command "constructor" for "kube"'],
    [["help", "nope"], 'unknown command "nope" for "kube"'],
    [["--nope"], "unknown flag: --nope"],
    [["-x"], "unknown shorthand flag: 'x' in -x"],
    [["get", "a", "b"], "accepts at most 1 arg(s), received 2"],
    [["list", "a"], "accepts at most 0 arg(s), received 1"],
    [["deploy"], 'required flag(s) "from" not set'],
    [["get"], "no application name specified: give one, or run this in a folder with the spin.toml of an application"],
    [["logs"], "no application name specified: give one, or run this in a folder with the spin.toml of an application"],
    [["delete"], "no application name specified to delete"],
    [["connect"], "either one of <name>, --field-selector, or --selector is required"],
    [["connect", "a", "-p", "80:80"], "local port should not contain ':' character"],
    [
      ["connect", "a", "-p", "65536"],
      'invalid argument "65536" for "-p, --local-port" flag: it must be a whole number from 0 to 65535',
    ],
    [
      ["list", "-s", "my-secret"],
      'invalid argument "my-secret" for "-s, --server" flag: it must be an address such as https://10.0.0.1:6443',
    ],
    [["get", "a", "-o", "xml"], 'invalid argument "xml" for "-o, --output" flag: it must be one of table, yaml, json'],
    [["completion"], 'Cannot complete for "": the shell must be one of bash, zsh, fish'],
    [["completion", "powershell"], 'Cannot complete for "powershell": the shell must be one of bash, zsh, fish'],
  ];
  for (const [args, problem] of refusals) {
    it(`refuses ${args.join(" ")}: ${problem}`, async () => {
      const outcome = await run(args);
      expect([outcome.code, outcome.stdout, firstProblem(outcome)]).to.deep.equal([1, "", `Error: ${problem}`]);
      expect(outcome.stderr).to.match(/Usage:\n|for usage\.\n/);
    });
  }

  it("says which cluster it could not reach, without the usage", async () => {
    const { code, stdout, stderr } = await run(["list", "-s", "https://127.0.0.1:1"]);
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.match(/^Error: Cannot list spinapps: .*ECONNREFUSED 127\.0\.0\.1:1\n$/);
  });

  it("says that a certificate is none, before it asks the cluster", async () => {
    const file = import.meta.filename;
    const args = ["list", "-s", "https://127.0.0.1:1", "--client-certificate", file, "--client-key", file];
    const problem = /^Error: Cannot sign in to the cluster: .*: certificates and keys must be PEM and belong together$/;
    expect(firstProblem(await run(args))).to.match(problem);
  });

  for (const [name, code, stderr] of [
    ["SIGINT", 130, ""],
    ["SIGTERM", 143, "Error: Stopped by SIGTERM\n"],
  ] as const) {
    it(`ends at once with ${code} by ${name}`, async () => {
      const signal = AbortSignal.abort(new Stopped(name, `Stopped by ${name}`));
      const args = ["list", "-s", "https://127.0.0.1:1"];
      expect(await run(args, { signal })).to.deep.equal({ code, stdout: "", stderr });
    });
  }
});

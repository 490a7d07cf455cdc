import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { run } from "../build-examples.ts";

const FLAGS = [
  "-f",
  "ghcr.io/foo/example-app:v0.1.0",
  "-r",
  "1",
  "-v",
  "a=1",
  "-n",
  "apps",
  "--image-pull-secret",
  "s",
];

describe("kube deploy --dry-run", () => {
  it("prints what scaffold does, without a cluster", async () => {
    const scaffolded = await run(["scaffold", ...FLAGS]);
    expect(scaffolded.stdout).to.include("namespace: apps").and.to.include('value: "1"');
    expect(await run(["deploy", "--dry-run", ...FLAGS, "-s", "https://127.0.0.1:1"])).to.deep.equal(scaffolded);
  });

  it("prints the same with a runtime configuration: only a cluster says whether its pods may have a mark", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rcm-deploy-"));
    const file = join(folder, "config.toml");
    await writeFile(file, 'log_dir = "/a"\n');
    const scaffolded = await run(["scaffold", ...FLAGS, "-c", file]);
    expect(scaffolded.stdout).to.include("example-app-runtime-config").and.to.not.include("podAnnotations");
    expect(await run(["deploy", "--dry-run", ...FLAGS, "-c", file])).to.deep.equal(scaffolded);
    await rm(folder, { recursive: true });
  });

  it("refuses what scaffold does", async () => {
    const flags = ["-f", "a", "--cpu-limit", "x"];
    const [scaffolded, deployed] = await Promise.all([
      run(["scaffold", ...flags]),
      run(["deploy", "--dry-run", ...flags]),
    ]);
    expect([deployed.code, deployed.stderr.split("\n")[0]]).to.deep.equal([1, scaffolded.stderr.split("\n")[0]]);
  });

  it("takes no name of a Secret for a server", async () => {
    const { code, stderr } = await run(["deploy", "--dry-run", "-f", "a", "-s", "my-secret"]);
    expect(code).to.equal(1);
    expect(stderr).to.include('invalid argument "my-secret" for "-s, --server" flag');
  });
});

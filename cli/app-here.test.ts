import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { appHere } from "./app-here.ts";

const MANIFEST = 'spin_manifest_version = 2\n[application]\nname = "hello"\n';

describe("appHere()", () => {
  let cwd = "";
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), "rcm-app-here-"));
  });
  afterEach(async () => {
    await rm(cwd, { recursive: true });
  });

  const cases: readonly [says: string, manifest: string, name: string | undefined][] = [
    ["the name in a manifest of version 2", MANIFEST, "hello"],
    ["none in one of version 1", 'spin_manifest_version = "1"\nname = "hello"\n', undefined],
    ["none in one without a name", "spin_manifest_version = 2\n", undefined],
    ["none that is no text", "spin_manifest_version = 2\napplication.name = 7\n", undefined],
  ];
  for (const [says, manifest, name] of cases) {
    it(`finds ${says}`, async () => {
      await writeFile(join(cwd, "spin.toml"), manifest);
      expect(await appHere({ cwd, env: {} })).to.equal(name);
    });
  }

  it("finds none without a manifest", async () => {
    expect(await appHere({ cwd, env: {} })).to.equal(undefined);
  });

  it("does not look when the environment says so", async () => {
    await writeFile(join(cwd, "spin.toml"), MANIFEST);
    for (const [value, name] of [
      ["true", undefined],
      ["TRUE", undefined],
      ["false", "hello"],
    ] as const) {
      expect(await appHere({ cwd, env: { SPIN_KUBE_DISABLE_DIR_CONTEXT: value } })).to.equal(name);
    }
  });

  it("refuses what is no TOML, too large, or no file", async () => {
    const path = join(cwd, "spin.toml");
    async function problem(): Promise<unknown> {
      return appHere({ cwd, env: {} }).then(
        () => undefined,
        (reason: unknown) => String(reason),
      );
    }
    await writeFile(path, "name = ");
    expect(await problem()).to.include(`Cannot read the manifest "${path}": it is no TOML`);
    await writeFile(path, "#".repeat(1024 * 1024 + 1));
    expect(await problem()).to.include("it is larger than 1 MiB");
    await rm(path);
    await mkdir(path);
    expect(await problem()).to.include(`Cannot read the manifest "${path}": EISDIR`);
  });
});

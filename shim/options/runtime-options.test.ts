import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { Any } from "../proto/any.ts";
import { RuncOptions, RuntimeOptions } from "../proto/options.ts";
import { DEFAULT_OPTIONS, parseOptions } from "./runtime-options.ts";

function toml(text: string): Any {
  return { typeUrl: "runtimeoptions.v1.Options", value: RuntimeOptions.encode({ configBody: Buffer.from(text) }) };
}

describe("parseOptions()", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-options-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("gives the defaults for nothing", async () => {
    const empty = { typeUrl: "runtimeoptions.v1.Options", value: new Uint8Array() };
    for (const any of [undefined, { typeUrl: "", value: new Uint8Array() }, empty]) {
      expect(await parseOptions(any)).to.deep.equal(DEFAULT_OPTIONS);
    }
  });

  it("reads the table of containerd's configuration", async () => {
    const text = `SystemdCgroup = true\nGrouping = "node"\nBinaryName = "/opt/runc"\nRoot = "/r"\nNoPivotRoot = true
NoNewKeyring = true\nIoUid = 1000\nIoGid = 1001\nTypeUrl = "x"\n`;
    expect(await parseOptions(toml(text))).to.deep.equal({
      systemdCgroup: true,
      grouping: "node",
      binaryName: "/opt/runc",
      root: "/r",
      noPivotRoot: true,
      noNewKeyring: true,
      ioUid: 1000,
      ioGid: 1001,
    });
  });

  it("gives the defaults for containerd's own default table", async () => {
    const texts = ["BinaryName", "Root", "ShimCgroup", "CriuPath", "CriuImagePath", "CriuWorkPath", "TaskApiAddress"];
    const numbers = ["IoUid", "IoGid", "TaskApiVersion"];
    const lines = [...texts.map((key) => `${key} = ""`), ...numbers.map((key) => `${key} = 0`)];
    const text = [...lines, "NoPivotRoot = false", "NoNewKeyring = false"].join("\n");
    expect(await parseOptions(toml(text))).to.deep.equal(DEFAULT_OPTIONS);
  });

  it("reads the file that ConfigPath names, which is all that containerd 1.6 can pass on", async () => {
    const path = join(folder, "spin.toml");
    writeFileSync(path, "SystemdCgroup = false\n");
    const any = { typeUrl: "runtimeoptions.v1.Options", value: RuntimeOptions.encode({ configPath: path }) };
    expect(await parseOptions(any)).to.deep.equal({ ...DEFAULT_OPTIONS, systemdCgroup: false });
  });

  it("reads runc's own options, which Docker sends to any runtime", async () => {
    const value = RuncOptions.encode({ binaryName: "crun", systemdCgroup: true, ioUid: 7, criuWorkPath: "/x" });
    const any = { typeUrl: "type.googleapis.com/containerd.runc.v1.Options", value };
    expect(await parseOptions(any)).to.deep.equal({
      ...DEFAULT_OPTIONS,
      binaryName: "crun",
      systemdCgroup: true,
      ioUid: 7,
    });
  });

  const refused: readonly { readonly any: Any; readonly words: string }[] = [
    { any: toml("SystemdCgroups = true"), words: '"SystemdCgroups"' },
    { any: toml('SystemdCgroup = "true"'), words: 'SystemdCgroup = "true"' },
    { any: toml('Grouping = "cluster"'), words: '"pod" or "node"' },
    { any: toml("BinaryName = 3"), words: "BinaryName" },
    { any: toml('Root = "a\\u0000"'), words: "Root" },
    { any: toml('ShimCgroup = "/x"'), words: '"ShimCgroup"' },
    { any: toml("TaskApiVersion = 3"), words: '"TaskApiVersion"' },
    { any: toml("IoUid = -1"), words: "IoUid = -1" },
    { any: toml("IoGid = 1.5"), words: "IoGid = 1.5" },
    { any: toml("= nonsense"), words: "as TOML" },
    { any: toml(`BinaryName = "${"a".repeat(70_000)}"`), words: "65536 bytes" },
    { any: { typeUrl: "example.Other", value: Uint8Array.of(1) }, words: '"example.Other"' },
    { any: { typeUrl: "runtimeoptions.v1.Options", value: Uint8Array.of(0xff) }, words: "that containerd sent" },
    {
      any: {
        typeUrl: "runtimeoptions.v1.Options",
        value: RuntimeOptions.encode({ configPath: "/nonexistent/spin.toml" }),
      },
      words: '"/nonexistent/spin.toml", which ConfigPath names',
    },
  ];
  for (const { any, words } of refused) {
    it(`refuses options and says ${words}`, async () => {
      const error = await parseOptions(any).catch((reason: unknown) => reason);
      expect(error).to.have.property("code", "INVALID_ARGUMENT");
      expect(error).to.have.property("message").that.includes(words);
    });
  }
});

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { prepareCached } from "@rcm/shim/executor/component/prepare/prepared-cache";
import { wasiInterfaces } from "@rcm/shim/executor/host/index";
import { expect } from "chai";
import { buildGuest, type GuestName } from "../guests/build-guest.ts";

const BUILD_MS = 900_000;
const EXECUTOR = join(import.meta.dirname, "..", "..", "shim", "executor", "main.ts");
const HANDLER = "wasi:http/incoming-handler";
const MEMORY_BYTES = { "c-http": 65_536, "rust-http": 1_114_112, "js-http": 9_502_720 } as const;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], stdin: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [EXECUTOR, "run", ...args], (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
    child.stdin?.end(stdin);
  });
}

describe("guests of real tools", function () {
  this.timeout(BUILD_MS);

  for (const [name, memoryBytes] of Object.entries(MEMORY_BYTES) as [GuestName, number][]) {
    it(`${name} can be reset, and is the same from the cache`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "rcm-prepared-"));
      const bytes = readFileSync(await buildGuest(name));
      const component = { digest: `sha256:${"0".repeat(64)}`, read: () => bytes };
      try {
        for (const _ of ["made", "found"]) {
          const { prepared, problem } = prepareCached({ folder }, component);
          expect(problem).to.equal(undefined);
          const linked = link(prepared, wasiInterfaces);
          expect(linked.exports).to.deep.include({ interface: HANDLER, name: "handle" });
          const instances = [linked.instantiate(undefined as never), linked.instantiate(undefined as never)];
          expect(linked.reset).to.deep.equal({ kind: "allowed" });
          for (const instance of instances) {
            expect(instance.memoryBytes()).to.equal(memoryBytes);
            expect([instance.reset(), instance.reset()]).to.deep.equal([true, true]);
          }
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it("begin with a snapshot if they have much to copy at their start", async () => {
    const small = prepare(readFileSync(await buildGuest("c-http")));
    expect(small.snapshot).to.equal(undefined);
    const large = prepare(readFileSync(await buildGuest("js-http")));
    expect(large.snapshot?.memories.map(({ bytes }) => bytes.length)).to.deep.equal([MEMORY_BYTES["js-http"]]);
  });

  it("run as commands, through the adapter for WASI's first version", async () => {
    const guest = await buildGuest("c-cli");
    const ran = await run(["--env", "GREETING=hello", guest, "one", "two"], "line 1\nline 2\n");
    expect(ran.stdout).to.equal("hello\none\ntwo\nline 1\nline 2\n");
    expect(ran.stderr).to.include("2 arguments");
    expect(ran.code).to.equal(1);
    expect(await run([guest], "")).to.include({ code: 0, stdout: "no greeting\n" });
  });
});

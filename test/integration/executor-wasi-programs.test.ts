import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { goModule } from "../guests/go-module.ts";
import { preview1Command } from "../guests/preview1-command.ts";
import { ExecutorProcess } from "../support/executor-process.ts";

const INSTALL_MS = 300_000;
const MANY = 8_096;

/** The programs with which wazero, a runtime in Go, tests its WASI: binaries made by four compilers. */
const MODULE = ["github.com/tetratelabs/wazero", "v1.12.0"] as const;
const PROGRAMS = join("imports", "wasi_snapshot_preview1", "testdata");
const COMPILERS = ["tinygo", "cargo-wasi", "zig-cc", "zig"] as const;
type Compiler = (typeof COMPILERS)[number];

interface Command {
  readonly command: readonly string[];
  /** Without, it stays open. */
  readonly stdin?: string;
  /** Which folder the command sees as its first one. */
  readonly root?: "few" | "many";
}

interface Case extends Command {
  readonly compilers: readonly Compiler[];
  /** The lines of its output, in alphabetical order. */
  readonly expected: readonly string[];
}

/** What a compiler's program can not do here, and why. */
const EXCLUDED: readonly (readonly [compiler: Compiler, command: string, reason: string])[] = [
  ["tinygo", "ls -", "TinyGo 0.3x takes the error for another one, in wasmtime too"],
  ["tinygo", "ls . repeat", "TinyGo can not rewind a folder, as wazero notes itself"],
  ["tinygo", "ls . of many", "its heap grows over the memory that the adapter took, in wasmtime too"],
  ["cargo-wasi", "sock", "a socket that was opened before the start is not in WASI's second version"],
  ["zig-cc", "sock", "a socket that was opened before the start is not in WASI's second version"],
  ["zig-cc", "nonblock", "it waits for a named pipe, which is no file to a guest here"],
];

const NAMES = ["./-", "./a-", "./ab-"];
const NO_TERMINAL = ["/ isatty: false", "stderr isatty: false", "stdin isatty: false", "stdout isatty: false"];
const ALL_BUT_TINYGO = COMPILERS.filter((compiler) => compiler !== "tinygo");

const CASES: readonly Case[] = [
  { command: ["ls", "./a-"], compilers: COMPILERS, expected: [] },
  { command: ["ls", "-"], compilers: ALL_BUT_TINYGO, expected: ["ENOTDIR"] },
  { command: ["ls", "."], compilers: COMPILERS, expected: NAMES },
  { command: ["ls", ".", "repeat"], compilers: ALL_BUT_TINYGO, expected: [...NAMES, ...NAMES] },
  { command: ["stat"], compilers: COMPILERS, expected: NO_TERMINAL },
  { command: ["preopen"], compilers: ["zig"], expected: ["0: stdin", "1: stdout", "2: stderr", "3: /", "4: /many"] },
  { command: ["poll"], compilers: ["zig-cc"], expected: ["STDIN"], stdin: "test" },
  { command: ["poll", "0", "500"], compilers: ["zig-cc"], expected: ["STDIN"], stdin: "test" },
  { command: ["poll", "0", "500"], compilers: ["zig-cc"], expected: ["STDIN"], stdin: "" },
  { command: ["poll", "0", "500"], compilers: ["zig-cc"], expected: ["NOINPUT"] },
  { command: ["sleepmillis", "100"], compilers: ["zig-cc"], expected: ["OK"] },
  { command: ["open-rdonly"], compilers: ["zig-cc"], expected: ["OK"] },
  { command: ["open-wronly"], compilers: ["zig-cc"], expected: ["OK"] },
];

/** C sees the entries for the folder itself and the one above. */
function dotsOf(compiler: Compiler, command: readonly string[]): readonly string[] {
  if (compiler !== "zig-cc" || command[0] !== "ls" || command[1] === "-") return [];
  return command.includes("repeat") ? ["./.", "./.", "./..", "./.."] : ["./.", "./.."];
}

describe("programs that test WASI, made by several compilers", function () {
  this.timeout(INSTALL_MS);
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rcm-wasi-"));
    mkdirSync(join(folder, "few", "a-"), { recursive: true });
    for (const name of ["-", "ab-"]) writeFileSync(join(folder, "few", name), "");
    mkdirSync(join(folder, "many"));
    for (let index = 0; index < MANY; index += 1) writeFileSync(join(folder, "many", String(index)), "");
    const programs = join(await goModule(...MODULE), PROGRAMS);
    for (const compiler of COMPILERS) {
      const core = readFileSync(join(programs, compiler, "wasi.wasm"));
      writeFileSync(join(folder, `${compiler}.wasm`), await preview1Command(core));
    }
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function linesOf(compiler: Compiler, { command, stdin, root = "few" }: Command): Promise<string[]> {
    const folders = ["--dir", `${join(folder, root)}::/`, "--dir", `${join(folder, "many")}::/many`];
    const executor = new ExecutorProcess(["run", ...folders, join(folder, `${compiler}.wasm`), ...command]);
    if (stdin !== undefined) executor.write(stdin);
    const { code, stdout, stderr } = await executor.ended();
    expect(code, `${compiler} ${command.join(" ")}: ${stderr}`).to.equal(0);
    return stdout.split("\n").slice(0, -1).toSorted();
  }

  for (const { compilers, expected, ...given } of CASES) {
    const how = given.stdin === undefined ? "" : `, given ${JSON.stringify(given.stdin)}`;
    it(`do as they should: ${given.command.join(" ")}${how}`, async () => {
      await forAll(compilers, async (compiler) => {
        const wanted = [...expected, ...dotsOf(compiler, given.command)].toSorted();
        expect(await linesOf(compiler, given), compiler).to.deep.equal(wanted);
      });
    });
  }

  it(`list a folder of ${MANY} entries`, async () => {
    await forAll(ALL_BUT_TINYGO, async (compiler) => {
      const command = ["ls", "."];
      const expected = MANY + dotsOf(compiler, command).length;
      expect(await linesOf(compiler, { command, root: "many" }), compiler).to.have.length(expected);
    });
  });

  it("are not left out but for what is named with its reason", () => {
    const done = new Set(
      CASES.flatMap(({ command, compilers }) => compilers.map((compiler) => `${compiler} ${command.join(" ")}`)),
    );
    for (const [compiler, command] of EXCLUDED) expect(done).to.not.include(`${compiler} ${command}`);
  });
});

async function forAll(compilers: readonly Compiler[], check: (compiler: Compiler) => Promise<void>): Promise<void> {
  await Promise.all(compilers.map(check));
}

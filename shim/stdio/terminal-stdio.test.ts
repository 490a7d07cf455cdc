import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  createReadStream,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { checkResult, libcFunction } from "../linux/libc.ts";
import type { ConsoleSocket } from "./console-socket.ts";
import { FdSet } from "./fd-set.ts";
import { openInput, openOutput } from "./fifo.ts";
import { TerminalStdio } from "./terminal-stdio.ts";

const TIOCSPTLCK = 0x40045431n;
const TIOCGPTN = 0x80045430n;
const NEVER = new AbortController().signal;
/** What the kernel keeps for a program that does not read is a small part of it. */
const PASTE = "some pasted line\n".repeat(20_000);

/** A new terminal. */
function openTerminal(): { readonly master: number; readonly path: string } {
  const ioctl = libcFunction("ioctl", { arguments: ["i32", "u64", "pointer"], return: "i32" })();
  const master = openSync("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY);
  const number = new Int32Array(1);
  checkResult(ioctl(master, TIOCSPTLCK, number), () => "unlock the terminal");
  checkResult(ioctl(master, TIOCGPTN, number), () => "ask for the number of the terminal");
  return { master, path: `/dev/pts/${String(number[0])}` };
}

/** Programs in a terminal whose master this process has, as the shim has it from runc. */
describe("TerminalStdio", () => {
  let folder = "";
  let stdio: TerminalStdio;
  let program: ChildProcess | undefined = undefined;
  let output = "";
  let ended: Promise<unknown> = Promise.resolve();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-terminal-"));
    execFileSync("mkfifo", [join(folder, "in"), join(folder, "out")]);
    output = "";
  });
  afterEach(() => {
    program?.kill("SIGKILL");
    stdio.close();
    rmSync(folder, { recursive: true });
  });

  async function start(script: string): Promise<unknown> {
    const { master, path } = openTerminal();
    const open = new FdSet();
    const input = openInput("stdin", join(folder, "in"), undefined);
    const { writeEnd, hold } = openOutput("stdout", join(folder, "out"), undefined);
    for (const fd of [input.readEnd, input.hold, writeEnd, hold]) if (fd !== undefined) open.add(fd);
    const nothing = open.add(openSync("/dev/null", "r+"));
    const socket = { path: "", receive: () => master, close: () => undefined } as unknown as ConsoleSocket;
    stdio = new TerminalStdio({
      open,
      nothing,
      socket,
      stdin: { fd: input.readEnd, kind: "pipe" },
      stdinHold: input.hold,
      output: { fd: writeEnd, kind: "pipe" },
      outputHold: hold,
      logger: undefined,
    });
    const reader = createReadStream(join(folder, "out"), "utf8").on("data", (text) => (output += String(text)));
    ended = once(reader, "end");
    const slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    const command = ["-c", "sh", "-c", `stty -echo raw; ${script}`];
    program = spawn("setsid", command, { stdio: [slave, slave, slave] });
    closeSync(slave);
    stdio.handedOver();
    return once(program, "exit");
  }

  it("goes on while a program does not read what is pasted, and hands it over when it does", async () => {
    const exited = start(`echo ready; sleep 1; head -c ${PASTE.length} | wc -c`);
    while (!output.includes("ready")) await delay(10);
    void writeFile(join(folder, "in"), PASTE);
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 50);
    await exited;
    clearInterval(ticking);
    expect(ticks).to.be.greaterThan(5);
    await stdio.finish(NEVER);
    await ended;
    expect(output).to.include(String(PASTE.length));
  });

  it("copies back all that a program echoes of it", async () => {
    const exited = start(`echo ready; head -c ${PASTE.length}`);
    while (!output.includes("ready")) await delay(10);
    writeFileSync(join(folder, "paste"), PASTE);
    spawn("sh", ["-c", `cat ${join(folder, "paste")} > ${join(folder, "in")}`], { stdio: "ignore" });
    await exited;
    await stdio.finish(NEVER);
    await ended;
    expect(output.replaceAll("\r", "").endsWith(PASTE)).to.equal(true);
  });

  for (const [what, rest] of [
    ["is silent", "exec sleep 30"],
    ["writes on and on", "while :; do echo noise; sleep 0.01; done"],
  ] as const) {
    it(`ends with its process, all of whose output is there, though another one has the terminal and ${what}`, async () => {
      const exited = start(`trap '' HUP; (${rest}) & echo $! > ${join(folder, "pid")}; echo the last word`);
      await exited;
      await stdio.finish(NEVER);
      await ended;
      expect(output).to.include("the last word");
      process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGKILL"); // It is still there.
    });
  }
});

import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { constants } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { openStdio } from "./open-stdio.ts";
import type { Stdio, StdioRequest } from "./stdio.ts";

let folder: string;
let descriptorsBefore: number;

describe("openStdio()", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stdio-"));
    descriptorsBefore = descriptors();
  });
  afterEach(() => {
    expect(descriptors()).to.equal(descriptorsBefore);
    rmSync(folder, { recursive: true });
  });

  it("opens FIFOs that nobody reads or writes, and /dev/null for nothing", async () => {
    const [stdin, stdout] = [makeFifo("in"), makeFifo("out")];
    const stdio = await opened({ stdin, stdout });
    const [input, output, error] = stdio.fds;
    expect(writeSync(output, "text")).to.equal(4);
    expect(writeSync(error, "gone")).to.equal(4);
    const client = openSync(stdin, constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(client, "hello");
    expect(readSync(input, Buffer.alloc(9))).to.equal(5);
    closeSync(client);
    stdio.resize(80, 24);
    stdio.close();
    stdio.close();
  });

  it("gives the owner that was asked for", async () => {
    const { uid, gid } = statSync(folder);
    const stdio = await opened({ stdout: makeFifo("out"), ioUid: uid, ioGid: gid });
    expect(statSync(join(folder, "out"))).to.include({ uid, gid });
    stdio.close();
  });

  it("lets a client learn that the process has ended", async () => {
    const stdin = makeFifo("in");
    const stdio = await opened({ stdin });
    stdio.handedOver();
    await stdio.finish(AbortSignal.timeout(1000));
    expect(() => openSync(stdin, constants.O_WRONLY | constants.O_NONBLOCK)).to.throw("ENXIO");
  });

  it("appends to a file that exists and reads from one", async () => {
    writeFileSync(join(folder, "file"), "before ");
    const stdio = await opened({ stdin: join(folder, "file"), stdout: join(folder, "file") });
    writeSync(stdio.fds[1], "after");
    expect(readSync(stdio.fds[0], Buffer.alloc(99))).to.equal(12);
    await stdio.finish(AbortSignal.timeout(1000));
  });

  const bad: readonly (readonly [string, Partial<StdioRequest>, string, string])[] = [
    ["a stdout that is missing", { stdin: "", stdout: "/nonesuch/out" }, "stdout", "NotFound"],
    ["a stdout that is a folder", { stdout: "/tmp" }, "stdout", "InvalidArgument"],
    ["a logger as stdin", { stdin: "binary:///bin/true" }, "stdin", "InvalidArgument"],
    ["a logger as stderr alone", { stderr: "binary:///bin/true" }, "stderr", "InvalidArgument"],
    ["a logger that is missing", { stdout: "binary:///nonesuch" }, "logger", "NotFound"],
    ["a logger that is not ready", { stdout: "binary-v2:///bin/true" }, "logger", "Unknown"],
    ["a file that cannot be made", { stdout: "file:///proc/nonesuch/log" }, "stdout", "Unknown"],
    ["a missing stderr after a good stdout", { stdout: "/dev/null", stderr: "/nonesuch/err" }, "stderr", "NotFound"],
    ["a terminal with a missing stdout", { terminal: true, stdout: "/nonesuch/out" }, "stdout", "NotFound"],
  ];
  for (const [what, request, named, code] of bad) {
    it(`refuses ${what} and leaves nothing open`, async () => {
      const error = await opened(request).catch((reason: unknown) => reason);
      expect(error).to.have.property("code", code);
      expect(error).to.have.property("message").that.includes(named);
    });
  }

  it("gives up on a logger that says nothing when the caller does", async () => {
    const logger = join(folder, "logger");
    writeFileSync(logger, "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
    const error = await opened({ stdout: `binary://${logger}` }, AbortSignal.timeout(100)).catch((e: unknown) => e);
    expect(error).to.have.property("name", "TimeoutError");
  });

  it("stops a logger that does not end after the output", async () => {
    const logger = join(folder, "logger");
    const log = join(folder, "log");
    const script = `#!/bin/sh\ntrap "echo stopped >> ${log}; exit" TERM\nexec 5>&-\nwhile :; do sleep 0.05; done\n`;
    writeFileSync(logger, script, { mode: 0o755 });
    const stdio = await opened({ stdout: `binary://${logger}` });
    writeFileSync(log, "");
    stdio.handedOver();
    await stdio.finish(AbortSignal.timeout(200));
    for (let looks = 0; looks < 500 && readFileSync(log, "utf8") === ""; looks += 1) await nextLook();
    expect(readFileSync(log, "utf8")).to.equal("stopped\n");
    stdio.close();
  });

  it("removes the console socket of a terminal that was never made", async () => {
    const stdio = await opened({ terminal: true, stdin: makeFifo("in"), stdout: makeFifo("out") });
    expect(stdio.consoleSocket).to.match(/\/pty-.{6}\/s$/);
    expect(() => {
      stdio.handedOver();
    }).to.throw("runc has sent none");
    stdio.resize(80, 24);
    stdio.close();
    expect(readdirSync(join(folder, "sockets"))).to.deep.equal([]);
  });

  it("finishes a terminal that was never made", async () => {
    const stdio = await opened({ terminal: true, stdout: makeFifo("out") });
    await stdio.finish(AbortSignal.timeout(1000));
    expect(readdirSync(join(folder, "sockets"))).to.deep.equal([]);
  });
});

async function opened(request: Partial<StdioRequest>, signal = AbortSignal.timeout(5000)): Promise<Stdio> {
  const empty = { stdin: "", stdout: "", stderr: "", terminal: false, containerId: "c", namespace: "n" };
  const socketFolder = join(folder, "sockets");
  return openStdio({ ...empty, ...request }, { spawn, env: { PATH: "/usr/bin:/bin" }, socketFolder }, signal);
}

function makeFifo(name: string): string {
  const path = join(folder, name);
  execFileSync("mkfifo", [path]);
  return path;
}

/** Open files of this process, but for those of the event loop, which come with the first use of a feature. */
function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

async function nextLook(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 10);
  return promise;
}

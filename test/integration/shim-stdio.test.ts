import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { createContainer, createRuncBench, type BenchContainer, type RuncBench } from "../support/runc-bench.ts";

const GIGABYTE = 1024 * 1024 * 1024;
const SOON_MS = 20_000;
/** Less than any output here, and more than this process, which is that of all tests, grows by itself: up to 23 MB were seen. */
const FLAT_BYTES = 64 * 1024 * 1024;

let bench: RuncBench;
let fifoCount = 0;

function useHooks(): void {
  before(() => {
    bench = createRuncBench();
    mkdirSync(join(bench.folder, "fifo"));
  });
  after(() => {
    bench.close();
  });
}

describe("streams without a terminal", () => {
  useHooks();

  it("gives both outputs whole to a reader that comes after the end", async () => {
    const [stdout, stderr] = [makeFifo(), makeFifo()];
    const container = await start("late", ["sh", "-c", "echo out; echo err >&2"], { stdout, stderr });
    expect(await container.exit).to.have.property("status", 0);
    const finished = container.stdio.finish(soon());
    expect(await settledWithin(finished, 300)).to.equal(false);
    expect(await Promise.all([readAll(stdout), readAll(stderr)])).to.deep.equal(["out\n", "err\n"]);
    await finished;
    await remove(container);
  });

  it("loses nothing when the reader goes away and another one comes", async () => {
    const stdout = makeFifo();
    const script = "i=0; while [ $i -lt 2000 ]; do echo line-$i; i=$((i+1)); done";
    const first = await open(stdout, 0o4000); // O_RDONLY | O_NONBLOCK
    const container = await start("away", ["sh", "-c", script], { stdout });
    const begin = await firstPart(first);
    await first.close();
    await container.exit;
    const finished = container.stdio.finish(soon());
    const text = begin + (await readAll(stdout));
    await finished;
    expect(text.trim().split("\n")).to.deep.equal(Array.from({ length: 2000 }, (_, i) => `line-${i}`));
    await remove(container);
  });

  it("ends the output for the reader at once", async () => {
    const stdout = makeFifo();
    const text = readAll(stdout);
    const container = await start("prompt", ["echo", "hello"], { stdout });
    await container.exit;
    await container.stdio.finish(AbortSignal.timeout(20_000));
    expect(await settledWithin(text, 5000)).to.equal(true);
    expect(await text).to.equal("hello\n");
    await remove(container);
  });

  it("gives up at the deadline when nobody ever reads", async () => {
    const stdout = makeFifo();
    const container = await start("nobody", ["echo", "hello"], { stdout });
    await container.exit;
    const begun = performance.now();
    await container.stdio.finish(AbortSignal.timeout(300));
    expect(performance.now() - begun).to.be.within(250, 2000);
    await remove(container);
  });

  it("carries 1 GB without a newline to a slow reader in flat memory", async () => {
    const stdout = makeFifo();
    const args = ["sh", "-c", "dd if=/dev/zero bs=64k count=16384 2>/dev/null"];
    const container = await start("gigabyte", args, { stdout });
    const rssBefore = process.memoryUsage().rss;
    const reader = spawn("sh", [
      "-c",
      `dd if=${stdout} bs=64k count=64 iflag=fullblock 2>/dev/null | wc -c; sleep 0.3; wc -c < ${stdout}`,
    ]);
    const counts = reader.stdout.setEncoding("utf8").toArray();
    await container.exit;
    await container.stdio.finish(AbortSignal.timeout(60_000));
    const total = (await counts)
      .join("")
      .trim()
      .split("\n")
      .reduce((sum, count) => sum + Number(count), 0);
    expect(total).to.equal(GIGABYTE);
    expect(process.memoryUsage().rss - rssBefore).to.be.lessThan(FLAT_BYTES);
    await remove(container);
  }).timeout(90_000);

  it("keeps stdin open over clients that come and go, and ends it when told", async () => {
    const [stdin, stdout] = [makeFifo(), makeFifo()];
    const text = readAll(stdout);
    const container = await start("stdin", ["cat"], { stdin, stdout });
    for (const client of ["one\n", "two\n"]) execFileSync("sh", ["-c", `cat > ${stdin}`], { input: client });
    expect(await settledWithin(container.exit, 200)).to.equal(false);
    container.stdio.closeStdin();
    container.stdio.closeStdin();
    expect(await container.exit).to.have.property("status", 0);
    await container.stdio.finish(soon());
    expect(await text).to.equal("one\ntwo\n");
    await remove(container);
  });

  it("appends to a file", async () => {
    const path = join(bench.folder, "logs/new/out.log");
    for (const name of ["file1", "file2"]) {
      const streams = { stdout: `file://${path}`, stderr: `file://${path}` };
      const container = await start(name, ["sh", "-c", "echo out; echo err >&2"], streams);
      await container.exit;
      await container.stdio.finish(soon());
      await remove(container);
    }
    expect(readFileSync(path, "utf8")).to.equal("out\nerr\nout\nerr\n");
  });

  it("gives the outputs to a logger, which ends after them", async () => {
    const program = join(bench.folder, "logger");
    const log = join(bench.folder, "logger.out");
    const script = `#!/bin/sh\nexec 5>&-\nexec > ${log}\necho $CONTAINER_NAMESPACE/$CONTAINER_ID $*\ncat <&3\ncat <&4\n`;
    writeFileSync(program, script, { mode: 0o755 });
    const uri = `binary://${program}?a=b%20c&d=`;
    const args = ["sh", "-c", "echo out; echo err >&2"];
    const container = await start("logged", args, { stdout: uri, stderr: uri });
    await container.exit;
    await container.stdio.finish(soon());
    expect(readFileSync(log, "utf8")).to.equal("test/logged a b c d\nout\nerr\n");
    await remove(container);
  });
});

describe("a terminal", () => {
  useHooks();

  it("echoes, has a size, and ends with the process", async () => {
    const [stdin, stdout] = [makeFifo(), makeFifo()];
    const output = createReadStream(stdout, "utf8");
    const firstLook = once(output, "data", { signal: soon() });
    const text = textOf(output);
    const args = ["sh", "-c", "stty size; read line; stty size; echo got $line; exit 7"];
    const container = await createTerminal("tty", args, { stdin, stdout });
    container.stdio.resize(80, 24);
    await bench.runc.start({ id: "tty", pid: container.pid, hasPoststartHooks: false }, soon());
    await firstLook; // At the size.
    container.stdio.resize(132, 43);
    execFileSync("sh", ["-c", `cat > ${stdin}`], { input: "typed\n" });
    expect(await container.exit).to.have.property("status", 7);
    await container.stdio.finish(soon());
    expect((await text).split("\r\n")).to.deep.equal(["24 80", "typed", "43 132", "got typed", ""]);
    await remove(container);
    expect(readdirSync(join(bench.folder, "s"))).to.deep.equal([]);
  });

  it("waits for a slow reader, in flat memory, and loses no byte", async () => {
    const stdout = makeFifo();
    const args = ["sh", "-c", "stty -opost; head -c 100000000 /dev/zero; echo end"];
    const container = await createTerminal("slow-tty", args, { stdout });
    const rssBefore = process.memoryUsage().rss;
    await bench.runc.start({ id: "slow-tty", pid: container.pid, hasPoststartHooks: false }, soon());
    await delay(1000); // Nobody reads yet: it must not be the shim that takes it all.
    expect(process.memoryUsage().rss - rssBefore).to.be.lessThan(FLAT_BYTES);
    const counted = readCount(stdout);
    expect(await container.exit).to.have.property("status", 0);
    await container.stdio.finish(AbortSignal.timeout(60_000));
    expect(await counted).to.equal(100_000_004);
    expect(process.memoryUsage().rss - rssBefore).to.be.lessThan(FLAT_BYTES);
    await remove(container);
  }).timeout(90_000);

  it("reads and writes files", async () => {
    const [input, output] = [join(bench.folder, "tty-in"), join(bench.folder, "tty-out")];
    writeFileSync(input, "from a file\n");
    const streams = { stdin: input, stdout: `file://${output}` };
    const container = await createTerminal("file-tty", ["sh", "-c", "read line; echo got $line"], streams);
    await bench.runc.start({ id: "file-tty", pid: container.pid, hasPoststartHooks: false }, soon());
    expect(await container.exit).to.have.property("status", 0);
    await container.stdio.finish(soon());
    expect(readFileSync(output, "utf8")).to.equal("from a file\r\ngot from a file\r\n");
    await remove(container);
  });

  it("does not make the process wait when its output cannot be written", async () => {
    const args = ["sh", "-c", "head -c 1000000 /dev/zero; exit 5"];
    const container = await createTerminal("full-tty", args, { stdout: "/dev/full" });
    await bench.runc.start({ id: "full-tty", pid: container.pid, hasPoststartHooks: false }, soon());
    expect(await container.exit).to.have.property("status", 5);
    await container.stdio.finish(soon());
    await remove(container);
  });

  it("keeps what the process said last for a reader that comes late", async () => {
    const stdout = makeFifo();
    const container = await createTerminal("late-tty", ["sh", "-c", "echo last words"], { stdout });
    await bench.runc.start({ id: "late-tty", pid: container.pid, hasPoststartHooks: false }, soon());
    await container.exit;
    const finished = container.stdio.finish(soon());
    expect(await settledWithin(finished, 300)).to.equal(false);
    expect(await readAll(stdout)).to.equal("last words\r\n");
    await finished;
    await remove(container);
  });
});

async function createTerminal(id: string, args: readonly string[], streams: Streams): Promise<BenchContainer> {
  return createContainer(bench, id, { args, terminal: true }, streams);
}

interface Streams {
  readonly stdin?: string;
  readonly stdout?: string;
  readonly stderr?: string;
}

async function start(id: string, args: readonly string[], streams: Streams): Promise<BenchContainer> {
  const container = await createContainer(bench, id, { args }, streams);
  await bench.runc.start({ id, pid: container.pid, hasPoststartHooks: false }, soon());
  return container;
}

async function remove({ id, stdio }: BenchContainer): Promise<void> {
  stdio.close();
  await bench.runc.delete(id, { force: false }, soon());
  expect(existsSync(join(bench.folder, "root", id))).to.equal(false);
}

function makeFifo(): string {
  fifoCount += 1;
  const path = join(bench.folder, "fifo", String(fifoCount));
  execFileSync("mkfifo", [path]);
  return path;
}

async function readAll(fifo: string): Promise<string> {
  return textOf(createReadStream(fifo, "utf8"));
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** At most 100 bytes, once there are any: nobody may have opened the FIFO for writing, or written to it, yet. */
async function firstPart(fifo: FileHandle): Promise<string> {
  const part = Buffer.alloc(100);
  for (const end = Date.now() + SOON_MS; Date.now() < end; await delay(10)) {
    const { bytesRead } = await fifo.read(part).catch(unlessAgain);
    if (bytesRead > 0) return part.toString("utf8", 0, bytesRead);
  }
  throw new Error("Nothing comes from the FIFO");
}

function unlessAgain(error: NodeJS.ErrnoException): { readonly bytesRead: number } {
  if (error.code === "EAGAIN") return { bytesRead: 0 };
  throw error;
}

/** Counts in another process, so that the memory of this one is that of the shim's part. */
async function readCount(fifo: string): Promise<number> {
  const { stdout } = await promisify(execFile)("sh", ["-c", `wc -c < ${fifo}`]);
  return Number(stdout);
}

async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  return Promise.race([work.then(() => true), delay(ms, false)]);
}

function soon(): AbortSignal {
  return AbortSignal.timeout(SOON_MS);
}

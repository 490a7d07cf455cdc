import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { FifoLog } from "./log-fifo.ts";

describe("FifoLog", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-log-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("writes lines of JSON, of its level and above", () => {
    const reader = new Reader(folder, "a");
    const log = new FifoLog(reader.path, "pod", "info");
    log.debug("Too little");
    log.info("Known", { count: 3n, error: new TypeError("bad", { cause: "x" }) });
    log.warn("Odd");
    log.error("Wrong");
    const lines = reader.take();
    expect(lines.map(({ level, message }) => [level, message])).to.deep.equal([
      ["info", "Known"],
      ["warn", "Odd"],
      ["error", "Wrong"],
    ]);
    expect(lines[0]).to.deep.include({ program: "shim", sandbox: "pod", count: "3" });
    expect(lines[0]?.["error"]).to.deep.equal({ name: "TypeError", message: "bad", cause: "x" });
    reader.close();
  });

  it("drops lines while nobody reads, and while the pipe is full", () => {
    const reader = new Reader(folder, "a");
    reader.close();
    const log = new FifoLog(reader.path, "pod", "info");
    log.info("Lost");
    const next = new Reader(folder, "a");
    for (let i = 0; i < 1000; i += 1) log.info("Long", { text: "x".repeat(1000) });
    expect(next.take().length).to.be.within(1, 999);
    log.info("Again");
    expect(next.take().map(({ message }) => message)).to.deep.equal(["Again"]);
    next.close();
  });

  it("goes on in the next place that has a reader, and loses no line by it", () => {
    const [one, two, three] = [new Reader(folder, "a"), new Reader(folder, "b"), new Reader(folder, "c")];
    const log = new FifoLog(one.path, "pod", "info");
    for (const path of [two.path, two.path, join(folder, "no-such"), three.path]) log.offer(path);
    log.info("First");
    expect(one.take()).to.have.length(1);
    one.close();
    rmSync(one.path);
    log.info("Second");
    log.info("Third");
    expect(two.take().map(({ message }) => message)).to.deep.equal(["Second", "Third"]);
    two.close();
    log.info("Fourth");
    expect(three.take().map(({ message }) => message)).to.deep.equal(["Fourth"]);
    three.close();
  });

  it("forgets those that are gone first when there are many", () => {
    const first = new Reader(folder, "first");
    const log = new FifoLog(first.path, "pod", "info");
    for (let i = 0; i < 300; i += 1) {
      const passing = join(folder, String(i));
      writeFileSync(passing, "");
      log.offer(passing);
      rmSync(passing);
    }
    log.info("Still here");
    expect(first.take()).to.have.length(1);
    first.close();
  });
});

/** Makes a FIFO, unless there is one, and reads it. */
class Reader {
  readonly path: string;
  readonly #fd: number;

  constructor(folder: string, name: string) {
    this.path = join(folder, name);
    execFileSync("sh", ["-c", '[ -p "$0" ] || mkfifo "$0"', this.path]);
    this.#fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  /** What came since the last call; without the last line if that is not whole. */
  take(): Readonly<Record<string, unknown>>[] {
    const buffer = Buffer.alloc(1024 * 1024);
    const text = buffer.toString("utf8", 0, this.#read(buffer));
    const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  #read(buffer: Buffer): number {
    try {
      return readSync(this.#fd, buffer);
    } catch {
      return 0; // EAGAIN.
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

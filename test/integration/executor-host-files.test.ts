import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  mkdirSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";

const SECRET = "a secret of the host";

describe("executor serve, files", () => {
  let folder: string;
  let given: string;
  let executor: ExecutorProcess;
  let readOnly: ExecutorProcess;

  before(async function () {
    this.timeout(600_000);
    const component = join(await buildRustGuest("rust-host"), "rust_host.wasm");
    folder = mkdtempSync(join(tmpdir(), "executor-files-"));
    given = join(folder, "given");
    mkdirSync(given);
    writeFileSync(join(folder, "secret"), SECRET);
    executor = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", "--dir", `${given}::/data`, component]);
    readOnly = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", "--dir", `${given}::/data:ro`, component]);
  });
  after(async () => {
    await Promise.all([executor.stop(), readOnly.stop()]);
    rmSync(folder, { recursive: true });
  });

  async function lines(path: string, from = executor): Promise<string[]> {
    return (await exchange({ port: await from.port(), path })).body.trimEnd().split("\n");
  }

  it("serves every function of a descriptor", async () => {
    const said = (await lines("/files")).map((line) =>
      line.replaceAll(/ErrorCode \{ code: \d+, name: "([a-z-]+)".*?\}/g, "$1"),
    );
    expect(said).to.deep.equal([
      'folders ["/data"]',
      "mkdir Ok(())",
      "mkdir again Err(exist)",
      "write Ok(10)",
      'read Ok(("3456", false))',
      "read end Ok(([], true))",
      "size Ok((DescriptorType::RegularFile, 10, 1))",
      'stream "89abcdef"',
      "stream end true",
      "set-size Ok(()) Ok(4)",
      "sync Ok(()) Ok(())",
      "set-times Ok(())",
      "time Some(1000000000)",
      "type Ok(DescriptorType::RegularFile) Ok(DescriptorType::Directory)",
      "flags Ok(DescriptorFlags(READ | WRITE))",
      "symlink Ok(())",
      'readlink Ok("file")',
      "stat link Ok(DescriptorType::SymbolicLink)",
      "stat target Ok(DescriptorType::RegularFile)",
      "open link Some(loop)",
      "hard link Ok(())",
      "same true false",
      "hash true false",
      "write denied Err(bad-descriptor)",
      "rename Ok(())",
      'entries ["file:DescriptorType::RegularFile", "link:DescriptorType::SymbolicLink", "moved:DescriptorType::RegularFile"]',
      "rmdir full Err(not-empty)",
      "unlink folder Err(is-directory)",
      "rmdir Ok(())",
      "gone Some(no-entry)",
    ]);
  });

  it("lets no path out of the folder", async () => {
    const paths = [
      "../secret",
      "sub/../../secret",
      "..",
      join(folder, "secret"),
      "/etc/passwd",
      "up",
      "absolute",
      "parent/secret",
      "parent/",
      `magic${folder}/secret`,
      "./sub/.././../secret",
      "up/",
      "sub/../up",
    ];
    for (const path of paths) {
      for (const name of readdirSync(given)) rmSync(join(given, name), { recursive: true }); // It stays the same folder.
      mkdirSync(join(given, "sub"));
      symlinkSync("../secret", join(given, "up"));
      symlinkSync(join(folder, "secret"), join(given, "absolute"));
      symlinkSync("..", join(given, "parent"));
      symlinkSync("/proc/self/root", join(given, "magic"));
      writeFileSync(join(given, "inside"), "inside");
      const said = (await lines(`/escape?${path}`)).join("\n");
      expect(said, path).not.to.include(SECRET);
      expect(said, path).to.match(/^open Err/);
      expect(said, path).to.match(/^create Some/m);
    }
    expect(readFileSync(join(folder, "secret"), "utf8")).to.equal(SECRET);
    expect(readdirSync(folder).toSorted()).to.deep.equal(["given", "secret"]);
  });

  it("lets no race out of the folder", async () => {
    mkdirSync(join(given, "race"));
    writeFileSync(join(given, "race", "secret"), "harmless");
    symlinkSync("..", join(folder, "link"));
    const swapper = new Worker(join(given, "race"), join(folder, "link"), join(folder, "aside"));
    try {
      for (let round = 0; round < 5; round += 1) {
        const [seen] = await lines("/read?race/secret");
        expect(seen).not.to.include(SECRET);
      }
    } finally {
      await swapper.stop();
    }
    expect(swapper.swaps).to.be.greaterThan(100);
  }).timeout(120_000);

  it("opens neither pipes nor sockets nor devices", async () => {
    execFileSync("mkfifo", [join(given, "pipe")]);
    const [opened] = await lines("/escape?pipe");
    expect(opened).to.match(/^open Err\(.*not-permitted/);
  });

  it("changes nothing in a folder that may only be read", async () => {
    writeFileSync(join(given, "kept"), "kept");
    const said = await lines("/escape?kept", readOnly);
    expect(said[0]).to.equal('open Ok("kept")');
    for (const line of said.slice(1)) {
      if (!/^(stat|hash|readlink|cleanup|open sly)/.test(line)) expect(line).to.match(/read-only/);
    }
    expect(readFileSync(join(given, "kept"), "utf8")).to.equal("kept");
    expect((await exchange({ port: await readOnly.port(), path: "/files" })).status).to.equal(500);
  });
});

/** Swaps a folder and a link for each other until it is stopped. */
class Worker {
  swaps = 0;
  readonly #running: Promise<void>;
  #isStopped = false;

  constructor(place: string, link: string, aside: string) {
    this.#running = this.#run(place, link, aside);
  }

  async #run(place: string, link: string, aside: string): Promise<void> {
    while (!this.#isStopped) {
      for (let turn = 0; turn < 20; turn += 1) {
        renameSync(place, aside);
        renameSync(link, place);
        renameSync(place, link);
        renameSync(aside, place);
        this.swaps += 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }
}

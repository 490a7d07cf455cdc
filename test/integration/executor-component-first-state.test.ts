import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { buildFirstState, FILE_TEXT, firstAnswers, type FirstStateOptions } from "../guests/first-state.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";

const REQUESTS = 10_000;
const CONNECTIONS = 50;
/** Of ten requests one makes the memory larger. */
const PATHS = ["/grow", ...Array.from({ length: 9 }, () => "/")];

interface Case {
  readonly what: string;
  readonly guest: FirstStateOptions;
  readonly threads: number;
  readonly reset: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: "a guest whose small memory is put back",
    guest: { pages: 2, changes: "what can be put back", turns: 1 },
    threads: 1,
    reset: /^allowed$/,
  },
  {
    what: "a guest whose large memory is put back, in two threads",
    guest: { pages: 40, changes: "what can be put back", turns: 300_000 },
    threads: 2,
    reset: /^allowed$/,
  },
  {
    what: "a guest that must be new each time",
    guest: { pages: 2, changes: "everything", turns: 1 },
    threads: 1,
    reset: /global variable is of type/,
  },
];

describe("the first state of a guest", () => {
  let folder: string;
  let executor: ExecutorProcess | undefined;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "executor-first-"));
    writeFileSync(join(folder, "file"), FILE_TEXT);
  });
  afterEach(async () => {
    executor?.signal("SIGKILL");
    await executor?.ended();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function serve({ guest, threads }: Case): Promise<ExecutorProcess> {
    const component = join(mkdtempSync(join(folder, "guest-")), "guest.wasm");
    writeFileSync(component, await buildFirstState(guest));
    const flags = ["--listen", "127.0.0.1:0", "--dir", `${folder}::/data`, "--max-threads", String(threads)];
    executor = new ExecutorProcess(["serve", ...flags, component]);
    return executor;
  }

  for (const one of CASES) {
    it(`is that of every one of ${REQUESTS} requests on ${CONNECTIONS} connections: ${one.what}`, async () => {
      const server = await serve(one);
      const port = await server.port();
      expect(server.log().find(({ message }) => message === "Serving")?.["reset"]).to.match(one.reset);
      const { plain, grown } = firstAnswers(one.guest);
      expect(await answersOf(port)).to.deep.equal({ [`/ ${plain}`]: 9_000, [`/grow ${grown}`]: 1_000 });
      const isMany = server.log().some(({ message }) => message === "Thread added");
      expect(isMany, "there is a second thread").to.equal(one.threads > 1);
      await server.until(() => timesOpen(join(folder, "file")) === 0);
      expect((await exchange({ port, path: "/left" })).status).to.equal(500);
      expect((await server.failure("/left"))["reason"]).to.match(/^handle 5 is not open$/);
    }).timeout(300_000);
  }
});

/** What was said on each path, and how often. */
async function answersOf(port: number): Promise<Readonly<Record<string, number>>> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const answers: Record<string, number> = {};
  let sent = 0;
  async function client(): Promise<void> {
    while (sent < REQUESTS) {
      const path = PATHS[sent % PATHS.length] ?? "";
      sent += 1;
      const { body } = await exchange({ port, path, agent });
      const answer = `${path} ${body}`;
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  agent.destroy();
  return answers;
}

/** How often processes of this machine have the file open. */
function timesOpen(path: string): number {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((process) => linksOf(`/proc/${process}/fd`))
    .filter((target) => target === path).length;
}

function linksOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => readlinkSync(join(folder, name)));
  } catch {
    return []; // The process has ended.
  }
}

/**
 * Requests per second and CPU per request of the executor, plain and with a Spin application, of node:http alone, and of
 * `wasmtime serve`: the one that the tests compare with, or another FILE. Rounds are interleaved, figures are medians. Needs
 * wrk, and what the guests are built with.
 *
 * node test/bench/executor.ts [--wasmtime FILE] [--seconds 4] [--rounds 3] [--connections 50] [c-http rust-http js-http]
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { type GuestName, buildGuest } from "../guests/build-guest.ts";
import { wasmtimeProgram } from "../guests/wasmtime-program.ts";

const PORT = 18_730;
/** As many threads as the peers have. */
const PROCESSORS = String(availableParallelism());
const URL_SERVED = `http://127.0.0.1:${PORT}/`;
const START_MS = 120_000;
/** Clock ticks of /proc/PID/stat a second. */
const TICKS = 100;
const NODE_FLAGS = ["--disable-warning=ExperimentalWarning"];
const PLAIN = `require("node:http")
  .createServer((request, response) => {
    response.writeHead(200, ["content-type", "text/plain", "content-length", "24"]);
    response.end("hello from node, call 1\\n");
  })
  .listen(${PORT}, "127.0.0.1");`;
/** What the peers call tuned: a pool of instances whose first pages stay. */
const TUNED = ["pooling-allocator=y", "pooling-memory-keep-resident=2097152", "pooling-table-keep-resident=65536"];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    wasmtime: { type: "string" },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "50" },
  },
});
const guests = (positionals.length === 0 ? ["c-http", "rust-http", "js-http"] : positionals) as GuestName[];
const folder = mkdtempSync(join(tmpdir(), "executor-bench-"));

interface Server {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

interface Figures {
  readonly requestsPerS: number;
  readonly cpuUs: number;
  readonly p50: string;
  readonly p99: string;
  readonly firstMs: number;
  readonly pssMiB: number;
  readonly errors: string;
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true });
}

async function main(): Promise<void> {
  const servers = await prepareServers();
  const figures = new Map<string, Figures[]>();
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    for (const server of servers) {
      const measured = await measure(server);
      figures.set(server.name, [...(figures.get(server.name) ?? []), measured]);
    }
  }
  console.log("server                        req/s  CPU us/req      p50      p99  first ms  PSS MiB");
  for (const [name, all] of figures) console.log(lineOf(name, all));
}

async function prepareServers(): Promise<Server[]> {
  const program = join(folder, "executor.cjs");
  await build({
    entryPoints: [join(import.meta.dirname, "..", "..", "shim", "executor", "main.ts")],
    outfile: program,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    external: ["node:ffi"],
    logLevel: "error",
  });
  const plain = join(folder, "plain.cjs");
  writeFileSync(plain, PLAIN);
  const servers: Server[] = [{ name: "node:http", command: process.execPath, args: [plain] }];
  for (const guest of guests) {
    const component = await buildGuest(guest);
    const listen = ["--listen", `127.0.0.1:${PORT}`, "--cache", join(folder, "cache")];
    const args = [...NODE_FLAGS, program, "serve", ...listen, component];
    servers.push({ name: `executor ${guest}`, command: process.execPath, args });
    const threads = [...NODE_FLAGS, program, "serve", "--max-threads", PROCESSORS, ...listen, component];
    servers.push({ name: `executor ${guest}, ${PROCESSORS} threads`, command: process.execPath, args: threads });
    const up = [...NODE_FLAGS, program, "up", ...listen, spinApp(guest, component)];
    servers.push({ name: `executor ${guest} in Spin`, command: process.execPath, args: up });
    servers.push(...wasmtimeServers(flags.wasmtime ?? (await wasmtimeProgram()), guest, component));
  }
  return servers;
}

/** The component as a Spin application: its routes end in a wildcard, which is what is asked for. */
function spinApp(guest: string, component: string): string {
  const app = join(folder, guest);
  const routes = ["/other", "/fixed", "/users/:id", "/users/:id/orders/...", "/static/...", "/..."].map(
    (route) => `[[trigger.http]]\nroute = "${route}"\ncomponent = "guest"\n`,
  );
  mkdirSync(app);
  copyFileSync(component, join(app, "guest.wasm"));
  const head = `spin_manifest_version = 2\n[application]\nname = "bench"\n[component.guest]\nsource = "guest.wasm"\n`;
  writeFileSync(join(app, "spin.toml"), head + routes.join(""));
  return app;
}

function wasmtimeServers(wasmtime: string, guest: string, component: string): Server[] {
  const compiled = join(folder, `${guest}.cwasm`);
  const tuning = TUNED.flatMap((option) => ["-O", option]);
  execFileSync(wasmtime, ["compile", ...tuning, "-o", compiled, component]);
  const serve = ["serve", "-S", "cli", "--addr", `127.0.0.1:${PORT}`];
  return [
    { name: `wasmtime default ${guest}`, command: wasmtime, args: [...serve, component] },
    {
      name: `wasmtime tuned ${guest}`,
      command: wasmtime,
      args: [...serve, ...tuning, "--allow-precompiled", compiled],
    },
  ];
}

async function measure({ name, command, args }: Server): Promise<Figures> {
  const start = performance.now();
  const child = spawn(command, args, { stdio: "ignore", env: { PATH: "/usr/bin:/bin" } });
  try {
    await answers(child, name);
    const firstMs = performance.now() - start;
    wrk(Number(flags.seconds));
    const ticksBefore = ticksOf(child);
    const output = wrk(Number(flags.seconds));
    const ticks = ticksOf(child) - ticksBefore;
    const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
    return {
      requestsPerS: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]),
      cpuUs: ((ticks / TICKS) * 1e6) / requests,
      p50: /50%\s+(\S+)/.exec(output)?.[1] ?? "",
      p99: /99%\s+(\S+)/.exec(output)?.[1] ?? "",
      firstMs,
      pssMiB: Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/smaps_rollup`, "utf8"))?.[1]) / 1024,
      errors: /(?:Non-2xx|Socket errors).*/.exec(output)?.[0] ?? "",
    };
  } finally {
    child.kill("SIGKILL");
    await delay(100);
  }
}

function wrk(seconds: number): string {
  const args = ["-t1", `-c${flags.connections}`, `-d${seconds}s`, "--latency", URL_SERVED];
  return execFileSync("wrk", args, { encoding: "utf8" });
}

/** Waits until the server answers 200; the process is asked often, for this is the time to its first answer. */
async function answers(child: ChildProcess, name: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (!(await answersOnce())) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(`Cannot measure ${name}: it does not answer`);
    await delay(2);
  }
}

async function answersOnce(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(PORT, "127.0.0.1", () => {
    socket.write("GET / HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n");
  });
  socket.once("data", (data) => {
    resolve(data.toString("latin1").includes(" 200 "));
    socket.destroy();
  });
  socket.once("error", () => {
    resolve(false);
  });
  socket.once("close", () => {
    resolve(false);
  });
  return promise;
}

/** User and system time of all threads. */
function ticksOf(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function lineOf(name: string, all: readonly Figures[]): string {
  const middle = all.toSorted((left, right) => left.requestsPerS - right.requestsPerS)[Math.floor(all.length / 2)];
  if (middle === undefined) return name;
  const cpu = median(all.map(({ cpuUs }) => cpuUs)).toFixed(1);
  const first = median(all.map(({ firstMs }) => firstMs)).toFixed(0);
  return [
    name.padEnd(26),
    middle.requestsPerS.toFixed(0).padStart(8),
    cpu.padStart(12),
    middle.p50.padStart(9),
    middle.p99.padStart(9),
    first.padStart(10),
    middle.pssMiB.toFixed(1).padStart(9),
    middle.errors,
  ].join("");
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import type { Message } from "./cri-client.ts";
import type { Ctr } from "./ctr.ts";

/** Something done by ctr; what it returns must be the same with each runtime. */
export type CtrCase = (ctr: Ctr) => Promise<unknown>;

/** ctr hands the size of its terminal on when the process runs: waits for that, and 10 s at most. */
const UNTIL_SIZED = 'i=0; until [ "$(stty size 2>&1)" = "33 77" ] || [ $i -ge 200 ]; do i=$((i+1)); sleep 0.05; done';

export async function exitCodes(ctr: Ctr): Promise<unknown> {
  const codes = [0, 1, 2, 125, 126, 127, 128, 137, 143, 254, 255];
  const seen: number[] = [];
  for (const code of codes) {
    const result = await ctr.run(`code-${String(code)}`, ["--rm"], ["sh", "-c", `exit ${String(code)}`]);
    seen.push(result.code);
  }
  expect(seen).to.deep.equal(codes);
  return seen;
}

export async function output(ctr: Ctr): Promise<unknown> {
  const { code, stdout, stderr } = await ctr.run("output", ["--rm"], ["sh", "-c", "echo out; echo err >&2; exit 3"]);
  expect({ code, stdout, stderr }).to.deep.equal({ code: 3, stdout: "out\n", stderr: "err\n" });
  // It stays until ctr has read all: ctr may stop reading when it learns of the end, whatever the shim (seen with runc's).
  const script = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end; sleep 1";
  const big = await ctr.run("big", ["--rm"], ["sh", "-c", script]);
  expect(big.stdout).to.have.length(3_000_005);
  return { code, stdout, stderr };
}

export async function input(ctr: Ctr): Promise<unknown> {
  // ctr loses the end of an input that is over before the container runs.
  const argv = ctr.runArgv("input", ["--rm"], ["cat"]);
  const go = join(ctr.containerd.folder, `input-${ctr.label}`);
  await rm(go, { force: true });
  const running = ctr.shell(`(printf 'one\\ntwo'; until [ -e ${go} ]; do sleep 0.05; done) | "$@"`, argv);
  try {
    await ctr.untilState("input", "RUNNING");
  } finally {
    await writeFile(go, "");
  }
  const { code, stdout } = await running;
  expect({ code, stdout }).to.deep.equal({ code: 0, stdout: "one\ntwo" });
  return stdout;
}

export async function terminal(ctr: Ctr): Promise<unknown> {
  const { code, stdout } = await ctr.runInTerminal("terminal", ["--rm"], `${UNTIL_SIZED}; tty; stty size; exit 9`);
  expect(code).to.equal(9);
  expect(stdout).to.match(/\/dev\/(pts\/0|console)/);
  expect(stdout).to.include("33 77");
  return stdout.replace("^@", ""); // What `script` makes of the end of its own input, at some time.
}

export async function signals(ctr: Ctr): Promise<unknown> {
  const seen: number[] = [];
  for (const [name, signal] of [
    ["term", "SIGTERM"],
    ["kill", "SIGKILL"],
    ["usr", "SIGUSR2"],
  ] as const) {
    const script = "trap 'exit 44' TERM; trap 'exit 45' USR2; echo ready; while :; do sleep 0.05; done";
    const running = ctr.run(name, ["--rm"], ["sh", "-c", script]);
    await ctr.untilState(name, "RUNNING");
    await untilTrapped((await ctr.state(name))?.pid);
    await ctr.task("kill", name, ["--signal", signal]);
    seen.push((await running).code);
  }
  expect(seen).to.deep.equal([44, 137, 45]);
  return seen;
}

/** Until a shell has set its traps: one that was not set would let the signal pass. */
async function untilTrapped(pid: number | undefined): Promise<void> {
  const [term, usr2] = [constants.signals.SIGTERM, constants.signals.SIGUSR2].map((signal) => 1n << BigInt(signal - 1));
  const both = (term ?? 0n) | (usr2 ?? 0n);
  await soon(`process ${String(pid)} to set its traps`, async () => {
    const [, caught = "0"] = /^SigCgt:\s*(\w+)$/m.exec(await readFile(`/proc/${String(pid)}/status`, "utf8")) ?? [];
    return (BigInt(`0x${caught}`) & both) === both;
  });
}

async function soon(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await isSo()) return;
    await delay(50);
  }
  throw new Error(`Waited 10 s in vain for ${what}`);
}

export async function tasks(ctr: Ctr): Promise<unknown> {
  const started = await ctr.run("tasks", ["--detach"], ["sh", "-c", "sleep 1000 & sleep 1001 & wait"]);
  expect(started).to.include({ code: 0 });
  const running = await ctr.state("tasks");
  let listed: readonly string[] = [];
  await soon("the shell and its two children", async () => {
    listed = (await ctr.task("ps", "tasks")).stdout.trim().split("\n").slice(1);
    return listed.length === 3;
  });
  expect(listed.join("\n")).to.match(new RegExp(`^${String(running?.pid)}\\b`, "m"));
  const metrics = await ctr.task("metrics", "tasks", ["--format", "json"]);
  const refused = await ctr.task("delete", "tasks");
  expect(refused.code).to.equal(1);
  const started2 = await ctr.task("start", "tasks", ["--detach"]);
  const unknown = await ctr.task("kill", "nosuch");
  const signal0 = await ctr.task("kill", "tasks", ["--signal", "0"]);
  await ctr.task("kill", "tasks", ["--all", "--signal", "SIGKILL"]);
  await ctr.untilState("tasks", "STOPPED");
  const again = await ctr.task("kill", "tasks");
  const deleted = await ctr.task("delete", "tasks");
  await ctr.remove("tasks");
  const keys = Object.keys(JSON.parse(metrics.stdout) as Message).toSorted();
  const codes = [refused, started2, unknown, signal0, again, deleted].map(({ code }) => code);
  return { state: running?.state, keys, codes };
}

export async function pause(ctr: Ctr): Promise<unknown> {
  await ctr.run("pause", ["--detach"], ["sleep", "1000"]);
  const codes = [(await ctr.task("pause", "pause")).code];
  await ctr.untilState("pause", "PAUSED");
  codes.push((await ctr.task("pause", "pause")).code);
  codes.push((await ctr.task("exec", "pause", ["--exec-id", "e0"], ["true"])).code);
  codes.push((await ctr.task("resume", "pause")).code);
  await ctr.untilState("pause", "RUNNING");
  codes.push((await ctr.task("resume", "pause")).code);
  const { code } = await ctr.task("exec", "pause", ["--exec-id", "e1"], ["sh", "-c", "exit 6"]);
  expect(code).to.equal(6);
  await ctr.remove("pause");
  return codes;
}

export async function exec(ctr: Ctr): Promise<unknown> {
  await ctr.run("exec", ["--detach"], ["sleep", "1000"]);
  const plain = await ctr.task(
    "exec",
    "exec",
    ["--exec-id", "a", "--cwd", "/tmp"],
    ["sh", "-c", "pwd; echo e >&2; exit 7"],
  );
  expect(plain).to.include({ code: 7, stdout: "/tmp\n", stderr: "e\n" });
  const script = `${UNTIL_SIZED}; stty size; exit 8`;
  const argv = ctr.taskArgv("exec", "exec", ["-t", "--exec-id", "b"], ["sh", "-c", script]);
  const inTerminal = await ctr.inTerminal(argv);
  expect(inTerminal.code).to.equal(8);
  expect(inTerminal.stdout).to.include("33 77");
  const again = await ctr.task("exec", "exec", ["--exec-id", "a"], ["sh", "-c", "exit 0"]);
  const missing = await ctr.task("exec", "exec", ["--exec-id", "c"], ["/no/such"]);
  const detached = await ctr.task("exec", "exec", ["--detach", "--exec-id", "d"], ["sleep", "1000"]);
  const taken = await ctr.task("exec", "exec", ["--exec-id", "d"], ["true"]);
  const killed = await ctr.task("kill", "exec", ["--exec-id", "d", "--signal", "SIGKILL"]);
  await ctr.remove("exec");
  return [again, missing, detached, taken, killed].map(({ code }) => code);
}

export async function options(ctr: Ctr): Promise<unknown> {
  const folder = join(ctr.containerd.folder, `ctr-${ctr.label}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "file"), "content\n");
  const mount = `type=bind,src=${folder},dst=/data,options=rbind:ro`;
  const flags = [
    "--rm",
    "--read-only",
    "--env",
    "A=b c",
    "--mount",
    mount,
    "--memory-limit",
    "33554432",
    "--cwd",
    "/data",
  ];
  // Each stays until all is read: runc's shim may stop reading when the process has ended.
  const script =
    "cat file; echo $A; touch /x || echo refused; touch /data/x || echo refused; pwd; cat /proc/self/uid_map; sleep 1";
  const first = await ctr.run("options", [...flags, "--pid-file", join(folder, "pid")], ["sh", "-c", script]);
  expect(first.stdout).to.match(/^content\nb c\nrefused\nrefused\n\/data\n/);
  expect(await readFile(join(folder, "pid"), "utf8")).to.match(/^\d+$/);
  const host = await ctr.run("host", ["--rm", "--net-host"], ["sh", "-c", "cat /proc/net/dev; sleep 1"]);
  expect(host.stdout).to.include("lo:");
  const free = await ctr.run(
    "free",
    ["--rm", "--privileged", "--allow-new-privs"],
    ["sh", "-c", "grep Cap /proc/self/status; sleep 1"],
  );
  return [first.stdout, free.stdout];
}

/** Where output goes besides a FIFO: nowhere, a file, and a program that is told of it by descriptors 3, 4 and 5. */
export async function logUris(ctr: Ctr): Promise<unknown> {
  const folder = join(ctr.containerd.folder, `log-${ctr.label}`);
  await mkdir(folder, { recursive: true });
  // It stays until all is read: runc's shim may stop reading when the process has ended.
  const script = ["sh", "-c", "echo out; echo err >&2; sleep 1"];
  const file = join(folder, "file.log");
  const none = await ctr.run("none", ["--rm", "--null-io"], script);
  expect(none).to.include({ code: 0, stdout: "", stderr: "" });
  await ctr.run("file", ["--detach", "--log-uri", `file://${file}`], script);
  await ctr.untilState("file", "STOPPED");
  await ctr.remove("file");
  const text = await readFile(file, "utf8");
  expect(text.split("\n").toSorted()).to.deep.equal(["", "err", "out"]);
  const logger = join(folder, "logger");
  const tell = `echo "$CONTAINER_ID $CONTAINER_NAMESPACE $@" > ${folder}/told`;
  // It is told to end by SIGTERM, also while it still reads.
  const lines = [
    "#!/bin/sh",
    "trap : TERM",
    tell,
    "exec 5>&-",
    `cat <&4 > ${folder}/err & cat <&3 > ${folder}/out; wait`,
  ];
  await writeFile(logger, `${lines.join("\n")}\n`);
  await chmod(logger, 0o755);
  await ctr.run("binary", ["--detach", "--log-uri", `binary://${logger}?key=value`], script);
  await ctr.untilState("binary", "STOPPED");
  await ctr.remove("binary");
  const [out, err, told] = await Promise.all(
    ["out", "err", "told"].map(async (name) => readFile(join(folder, name), "utf8")),
  );
  expect({ out, err }).to.deep.equal({ out: "out\n", err: "err\n" });
  return told;
}

export async function refusals(ctr: Ctr): Promise<unknown> {
  await ctr.run("refusals", ["--detach"], ["sleep", "1000"]);
  const results = [
    await ctr.task("checkpoint", "refusals", ["--image-path", join(ctr.containerd.folder, "checkpoint")]),
    await ctr.run("refusals", ["--rm"], ["true"]),
    await ctr.run("nosuch", ["--rm"], ["/no/such/program"]),
    await ctr.run("badcwd", ["--rm", "--cwd", "relative"], ["true"]),
  ];
  for (const { code, stderr } of results) {
    expect(code).to.equal(1);
    expect(stderr).to.match(/^ctr: ./m);
  }
  expect(results[2]?.stderr).to.match(/no such file or directory/);
  await ctr.remove("refusals");
  return results.map(({ code }) => code);
}

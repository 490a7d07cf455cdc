import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { openCluster } from "../cluster/index.ts";
import { pollUntil } from "../cluster/poll-until.ts";
import { runCommand } from "../cluster/run-command.ts";
import type { DriverInput } from "./systemd-driver.ts";

const NODE = "node1";
const FOLDER = "/var/lib/rcm-systemd-test";
const VICTIM = "rcm-test-victim.service";
const SWITCH = "rcm-test-switch";
const UNITS = [VICTIM, "rcm-test-once.service", `${SWITCH}.timer`, `${SWITCH}.service`];

const cluster = openCluster();

interface Outcome {
  readonly value?: unknown;
  readonly error?: { readonly code?: string; readonly dbusName?: string; readonly message: string };
}

async function inNode(argv: readonly string[]): Promise<string> {
  return (await cluster.nodeExec(NODE, argv, { timeoutMs: 60_000 }, limit())).stdout.trim();
}

async function show(unit: string, property: string): Promise<string> {
  return inNode(["systemctl", "show", "--value", "-p", property, unit]);
}

describe("systemd over its private socket", () => {
  let root = "";
  let folder = "";

  before(async () => {
    root = await cluster.nodeRoot(NODE);
    folder = join(root, FOLDER);
    await clean();
    await mkdir(folder);
  });
  after(clean);

  async function clean(): Promise<void> {
    await inNode(["sh", "-c", `systemctl stop ${UNITS.join(" ")}; systemctl reset-failed ${UNITS.join(" ")}; true`]);
    await rm(folder, { recursive: true, force: true });
  }

  async function drive(operation: string, input: DriverInput): Promise<Outcome> {
    const leader = root.split("/")[2] ?? "";
    const driver = join(import.meta.dirname, "systemd-driver.ts");
    const argv = [process.execPath, driver, join(root, "run/systemd/private"), operation, JSON.stringify(input)];
    const output = await runCommand(["nsenter", "-t", leader, "-p", "--", ...argv], { timeoutMs: 90_000 }, limit());
    return JSON.parse(output) as Outcome;
  }

  async function value(operation: string, input: DriverInput): Promise<unknown> {
    const outcome = await drive(operation, input);
    if (outcome.error !== undefined) throw new Error(`${operation} failed`, { cause: outcome.error });
    return outcome.value;
  }

  async function run(argv: readonly string[], more: { timeoutMs?: number; maxOutputBytes?: number } = {}) {
    const command = {
      argv,
      timeoutMs: 20_000,
      folder: { hostPath: `${FOLDER}/run`, ownPath: `${folder}/run` },
      ...more,
    };
    return drive("runOnHost", { command });
  }

  async function runs(): Promise<number> {
    const text = await readFile(join(folder, "ran"), "utf8").catch(() => "");
    return text.split("\n").length - 1;
  }

  describe("serviceProperties()", () => {
    it("agrees with systemctl about containerd", async () => {
      const properties = await value("serviceProperties", { unit: "containerd.service" });
      expect(properties).to.deep.include({
        loadState: "loaded",
        activeState: "active",
        subState: "running",
        hasJob: false,
        mainPid: Number(await show("containerd", "MainPID")),
        fragmentPath: await show("containerd", "FragmentPath"),
        nRestarts: Number(await show("containerd", "NRestarts")),
        result: "success",
        invocationId: await show("containerd", "InvocationID"),
        dropInPaths: (await show("containerd", "DropInPaths")).split(" ").filter((path) => path !== ""),
      });
      const since = await inNode([
        "systemctl",
        "show",
        "--value",
        "--timestamp=us",
        "-p",
        "ActiveEnterTimestamp",
        "containerd",
      ]);
      const microseconds = (properties as { activeEnterTimestampUs: number }).activeEnterTimestampUs;
      expect(since).to.include(String(microseconds % 1_000_000).padStart(6, "0"));
      expect((properties as { execStart: string[][] }).execStart[0]?.[0]).to.match(/\/containerd$/);
    });

    it("tells a unit that is not there from one that is", async () => {
      expect(await value("unitExists", { unit: "rcm-nosuch.service" })).to.equal(false);
      expect(await value("unitExists", { unit: "containerd.service" })).to.equal(true);
    });
  });

  describe("restartUnit()", () => {
    it("restarts a unit and says that it is active", async () => {
      const argv = ["/bin/sleep", "1000"];
      expect(await value("startService", { unit: VICTIM, argv })).to.equal("done");
      const before1 = await value("serviceProperties", { unit: VICTIM });
      const outcome = { jobResult: "done", activeState: "active", subState: "running", unitResult: "success" };
      expect(await value("restartUnit", { unit: VICTIM })).to.deep.equal(outcome);
      const after1 = await value("serviceProperties", { unit: VICTIM });
      expect(after1).to.include({ activeState: "active" });
      const [was, is] = [before1, after1] as { mainPid: number; invocationId: string }[];
      expect(is?.mainPid).not.to.equal(was?.mainPid);
      expect(is?.invocationId).not.to.equal(was?.invocationId);
    });

    it("says how a restart failed, and that the failure can be forgotten", async () => {
      const unit = "rcm-test-once.service";
      const argv = ["/bin/sh", "-c", `[ ! -e ${FOLDER}/started ] || exit 3; touch ${FOLDER}/started`];
      expect(await value("startRemaining", { unit, argv })).to.equal("done");
      const outcome = { jobResult: "failed", activeState: "failed", subState: "failed", unitResult: "exit-code" };
      expect(await value("restartUnit", { unit })).to.deep.equal(outcome);
      await value("resetFailed", { unit });
      expect(await value("unitExists", { unit })).to.equal(false);
    });

    it("fails with REFUSED where there is no such unit, and with TIMEOUT where its time is up", async () => {
      const { error } = await drive("restartUnit", { unit: "rcm-nosuch.service" });
      expect(error).to.include({ code: "REFUSED", dbusName: "org.freedesktop.systemd1.NoSuchUnit" });
      await writeFile(join(folder, "slow.sh"), "trap '' TERM; while :; do sleep 1; done\n");
      await value("stopUnit", { unit: VICTIM });
      await value("startService", { unit: VICTIM, argv: ["/bin/sh", `${FOLDER}/slow.sh`] });
      const late = await drive("restartUnitBriefly", { unit: VICTIM });
      expect(late.error).to.include({ code: "TIMEOUT" });
      await writeFile(join(folder, "slow.sh"), "exec sleep 1000\n");
      await inNode(["systemctl", "kill", "-s", "KILL", VICTIM]);
    });

    it("stops a unit, and one that is not there as well", async () => {
      expect(await value("stopUnit", { unit: VICTIM })).to.equal("done");
      expect(await value("unitExists", { unit: VICTIM })).to.equal(false);
      expect(await value("stopUnit", { unit: VICTIM })).to.equal(undefined);
    });
  });

  describe("runOnHost()", () => {
    const odd = [
      "$HOME",
      "${HOME}",
      "$$",
      "$",
      "%n",
      "a b",
      `q"q`,
      "it's",
      "n\nl",
      "b\\s\\n",
      "",
      "ünï",
      "-x",
      ";",
      "*",
    ];

    it("hands arguments over as they are and returns exit code and both outputs", async () => {
      const argv = ["/bin/sh", "-c", `printf '%s|' "$@"; echo oops >&2; exit 3`, "sh", ...odd];
      const expected = { exitCode: 3, stdout: odd.map((each) => `${each}|`).join(""), stderr: "oops\n" };
      expect(await run(argv)).to.deep.equal({ value: expected });
    });

    const table: readonly (readonly [name: string, argv: readonly string[], exitCode: number, stderr: RegExp])[] = [
      ["a program that is not there", ["/nosuch"], 127, /not found/],
      ["a command that a limit() ends", ["/bin/sh", "-c", "kill -9 $$"], 137, /Killed/],
    ];
    for (const [name, argv, exitCode, stderr] of table) {
      it(`returns ${exitCode} for ${name}`, async () => {
        const { value: output } = await run(argv);
        expect(output).to.include({ exitCode, stdout: "" });
        expect((output as { stderr: string }).stderr).to.match(stderr);
      });
    }

    it("ends a command that prints too much", async () => {
      const { value: output } = await run(["/usr/bin/yes"], { maxOutputBytes: 10_000 });
      expect(output).to.deep.include({ exitCode: 153, stdout: "y\n".repeat(5000) });
    });

    it("kills a command that takes too long, or whose caller gives up", async () => {
      const argv = ["/bin/sleep", "987654"];
      const { error } = await run(argv, { timeoutMs: 200 });
      expect(error).to.include({ code: "TIMEOUT" });
      const folderOf = { hostPath: `${FOLDER}/run`, ownPath: `${folder}/run` };
      const given = await drive("runOnHostBriefly", { command: { argv, timeoutMs: 20_000, folder: folderOf } });
      expect(given.error?.message).to.include("aborted");
      expect(await inNode(["pgrep", "-xf", "/bin/sleep 987654"])).to.equal("");
    });

    it("fails with NO_EXIT_CODE where the folder is not the same on both sides", async () => {
      const command = {
        argv: ["/bin/true"],
        timeoutMs: 20_000,
        folder: { hostPath: "/nosuch", ownPath: `${folder}/run` },
      };
      expect((await drive("runOnHost", { command })).error).to.include({ code: "NO_EXIT_CODE" });
    });

    it("fails with INVALID_ARGUMENT for a program without its path", async () => {
      expect((await run(["true"])).error).to.include({ code: "INVALID_ARGUMENT" });
    });

    it("leaves no files and no units", async () => {
      expect(await readdir(`${folder}/run`)).to.deep.equal([]);
      expect(await inNode(["systemctl", "list-units", "--all", "--no-legend", "rcm-run-*"])).to.equal("");
    });
  });

  describe("the dead-man's switch", () => {
    const scriptPath = `${FOLDER}/script.sh`;
    const armed = { unit: SWITCH, scriptPath };

    before(async () => {
      await writeFile(join(folder, "script.sh"), `echo ran >> ${FOLDER}/ran; [ ! -e ${FOLDER}/hold ] || sleep 1000\n`);
    });

    async function untilFired(script: string): Promise<unknown> {
      return pollUntil(
        { what: "the switch to fire", timeoutMs: 20_000, see: "systemctl status" },
        async () => {
          const state = (await value("deadManState", { unit: SWITCH })) as { kind: string; script?: string };
          return state.script === script ? state : undefined;
        },
        limit(),
      );
    }

    it("is absent, armed, and absent again once it is disarmed", async () => {
      expect(await value("deadManState", { unit: SWITCH })).to.deep.equal({ kind: "absent" });
      await value("armDeadMan", { deadMan: { ...armed, afterSec: 600 } });
      expect(await value("deadManState", { unit: SWITCH })).to.deep.equal({ kind: "armed" });
      const again = await drive("armDeadMan", { deadMan: { ...armed, afterSec: 600 } });
      expect(again.error).to.include({ code: "REFUSED", dbusName: "org.freedesktop.systemd1.UnitExists" });
      expect(await value("disarmDeadMan", { unit: SWITCH })).to.deep.equal({ kind: "armed" });
      expect(await value("disarmDeadMan", { unit: SWITCH })).to.deep.equal({ kind: "absent" });
      expect(await value("unitExists", { unit: `${SWITCH}.timer` })).to.equal(false);
      expect(await value("unitExists", { unit: `${SWITCH}.service` })).to.equal(false);
      expect(await runs()).to.equal(0);
    });

    it("fires once after its time, though who armed it is gone and systemd has been reloaded", async () => {
      await value("armDeadMan", { deadMan: { ...armed, afterSec: 3 } });
      await inNode(["systemctl", "daemon-reload"]);
      expect(await untilFired("succeeded")).to.deep.equal({ kind: "fired", script: "succeeded" });
      expect(await runs()).to.equal(1);
      expect(await value("disarmDeadMan", { unit: SWITCH })).to.deep.equal({ kind: "fired", script: "succeeded" });
      expect(await value("deadManState", { unit: SWITCH })).to.deep.equal({ kind: "absent" });
    });

    it("survives that systemd replaces itself", async () => {
      await value("armDeadMan", { deadMan: { ...armed, afterSec: 600 } });
      await inNode(["systemctl", "daemon-reexec"]);
      expect(await value("disarmDeadMan", { unit: SWITCH })).to.deep.equal({ kind: "armed" });
    });

    it("says so when it is disarmed while its script runs, and lets the script go on", async () => {
      await writeFile(join(folder, "hold"), "");
      await value("armDeadMan", { deadMan: { ...armed, afterSec: 0.01, scriptMaxSec: 100 } });
      await untilFired("running");
      expect(await value("disarmDeadMan", { unit: SWITCH })).to.deep.equal({ kind: "fired", script: "running" });
      expect(await show(`${SWITCH}.service`, "SubState")).to.equal("start");
      await inNode(["systemctl", "kill", "-s", "KILL", `${SWITCH}.service`]);
      expect(await untilFired("failed")).to.deep.equal({ kind: "fired", script: "failed" });
      expect(await value("disarmDeadMan", { unit: SWITCH })).to.deep.equal({ kind: "fired", script: "failed" });
      expect(await value("deadManState", { unit: SWITCH })).to.deep.equal({ kind: "absent" });
      await rm(join(folder, "hold"));
    });

    it("is waited for while its script runs, and then leaves nothing", async () => {
      await writeFile(join(folder, "hold"), "");
      await value("armDeadMan", { deadMan: { ...armed, afterSec: 0.01, scriptMaxSec: 100 } });
      await untilFired("running");
      for (const wait of ["awaitScriptBriefly", "endDeadManBriefly"]) {
        expect((await drive(wait, { unit: SWITCH })).error?.message, wait).to.include("aborted");
      }
      const ending = value("endDeadMan", { unit: SWITCH });
      await inNode(["systemctl", "kill", "-s", "KILL", `${SWITCH}.service`]);
      expect(await ending).to.have.property("kind", "fired");
      expect(await value("awaitScript", { unit: SWITCH })).to.equal(undefined);
      expect(await value("deadManState", { unit: SWITCH })).to.deep.equal({ kind: "absent" });
      await rm(join(folder, "hold"));
    });

    it("kills a script that takes longer than it may", async () => {
      await writeFile(join(folder, "hold"), "");
      await value("armDeadMan", { deadMan: { ...armed, afterSec: 0.01, scriptMaxSec: 1 } });
      expect(await untilFired("failed")).to.deep.equal({ kind: "fired", script: "failed" });
      await value("disarmDeadMan", { unit: SWITCH });
      await rm(join(folder, "hold"));
    });
  });
});

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(10 * 60_000);
}

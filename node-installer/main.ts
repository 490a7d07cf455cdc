import { setFlagsFromString } from "node:v8";
import { messageOf } from "@rcm/lib/errors";
import { ARTIFACT_DIR, REQUEST_ENV } from "@rcm/lib/install-job";
import type { InstallReport } from "@rcm/lib/install-job";
import { createLog } from "@rcm/lib/log";
import { shutdownSignal } from "@rcm/lib/shutdown";
import { HELP, parseCommand } from "./command-line.ts";
import type { Command } from "./command-line.ts";
import type { Context } from "./context.ts";
import type { HandCommand } from "./hand.ts";
import { failureReport, TERMINATION_LOG, writeReport } from "./report.ts";
import { parseRequest } from "./request.ts";
import { scratchFolder } from "./transaction/journal.ts";
import { VERSION } from "./version.ts";

const STORE_ROOT = "/opt/rcm";
const MACHINE_ID = "/etc/machine-id";
/** What a Job has of containerd's configuration. */
const CONFIG_FOLDER = "/etc/containerd";
/** A plan leaves the store as it is, and a folder that only root can make is safe from others' links. */
const PLAN_SCRATCH = "/run/rcm-plan";

/** Names that Kubernetes and Go use for what Node calls `process.arch`. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

// What makes long-lived programs fast takes 20 MB of memory, and this one lives for a second: compilers for code that is
// often run, and much room for young objects.
for (const flag of ["--no-opt", "--no-maglev", "--semi-space-growth-factor=1"]) setFlagsFromString(flag);

// Each stage imports what it needs when it runs: without gRPC the download takes less memory, and `help` less time.
const signal = shutdownSignal(process);
const log = createLog("node-installer", "info", process.stderr);

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    return await run(parseCommand(process.argv.slice(2)));
  } catch (error) {
    console.error(messageOf(error));
    return 2;
  }
}

async function run(command: Command): Promise<number> {
  if (command.kind === "help" || command.kind === "version") {
    console.log(command.kind === "help" ? HELP : VERSION);
    return 0;
  }
  if (command.kind !== "job") return runHand(command);
  const report = await runJob(command.stage);
  await writeReport(TERMINATION_LOG, report);
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  log.info("Stage ended", { report, peakMb });
  return report.ok ? 0 : 1;
}

async function runHand(command: HandCommand): Promise<number> {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const { baseOf, runByHand } = await import("./hand.ts");
  const report = await withContext(
    {
      restart: command.noRestart ? "never" : "auto",
      scratch: command.kind === "plan" ? PLAN_SCRATCH : scratchFolder(STORE_ROOT),
      onlyFolder: undefined,
      podUid: undefined,
    },
    async (context) => runByHand(context, command, architecture, signal),
  ).catch((error: unknown) => failureReport({ ...baseOf(command), durationMs: 0 }, error));
  const text = report.ok ? report.message : `${report.reason ?? ""}: ${report.message}`;
  console.log(command.json ? JSON.stringify(report) : text);
  return report.ok ? 0 : 1;
}

async function runJob(stage: "preflight" | "fetch" | "install" | "uninstall"): Promise<InstallReport> {
  try {
    const request = parseRequest(process.env[REQUEST_ENV]);
    if (stage === "fetch") {
      const { CA_FILE, runFetchStage } = await import("./fetch-job.ts");
      return await runFetchStage(
        { request, artifactDir: ARTIFACT_DIR, caFile: CA_FILE, env: process.env, log },
        signal,
      );
    }
    const { closeNetwork } = await import("./host/close-network.ts");
    closeNetwork(); // The pod has one for `fetch`; whoever is root on the node does not get it.
    const [{ runHostStage }, { readPodUid }] = await Promise.all([import("./job.ts"), import("./own-pod.ts")]);
    const podUid = await readPodUid();
    return await withContext(
      { restart: "auto", scratch: scratchFolder(STORE_ROOT), onlyFolder: CONFIG_FOLDER, podUid },
      async (context) => runHostStage({ context, stage, request, artifactDir: ARTIFACT_DIR }, signal),
    );
  } catch (error) {
    return failureReport({ operation: stage, hash: "", durationMs: 0 }, error);
  }
}

async function withContext<T>(
  place: Pick<Context, "restart" | "scratch" | "onlyFolder" | "podUid">,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const { openLinks } = await import("./host/open-links.ts");
  const links = await openLinks(place, signal);
  try {
    return await work({ ...place, store: { root: STORE_ROOT }, links, log, machineIdPath: MACHINE_ID });
  } finally {
    links.close();
  }
}

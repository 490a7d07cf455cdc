import { SHIM, type NodeHost, type Report } from "../support/node-host.ts";

const PROGRAM = "/srv/rcm-test/node --disable-warning=ExperimentalWarning /srv/rcm-test/installer.mjs";
/** What a container of a Job has of the host is read-only, but for the report's place. */
const READ_ONLY = "for d in /etc /opt; do mount --bind $d $d && mount -o remount,bind,ro $d; done";

export interface StageOrder {
  readonly stage: "preflight" | "install" | "uninstall";
  readonly options?: Readonly<Record<string, string>>;
  /** Folder of the node that is mounted where the containers of a Job share one. */
  readonly volume?: string;
}

/** Runs a stage of a Job in a node with the rights that it has there: root without capabilities. */
export async function runStage(host: NodeHost, { stage, options = {}, volume }: StageOrder): Promise<Report> {
  const machineId = await host.out("cat /etc/machine-id");
  const names = { operation: stage === "uninstall" ? stage : "install", shim: SHIM, shimUid: "u", handler: SHIM };
  const request = JSON.stringify({
    ...names,
    hash: "h",
    options,
    artifact: { location: "https://example.test/shim" },
    node: { name: host.name, uid: "u", machineId, architecture: process.arch === "arm64" ? "arm64" : "amd64" },
  });
  const steps = [
    ...(volume === undefined ? [] : [`mount --bind ${volume} /artifact`]),
    ...(stage === "preflight" ? [READ_ONLY] : []),
    `exec setpriv --bounding-set=-all --inh-caps=-all ${PROGRAM} job ${stage}`,
  ];
  await host.out("mkdir -p /artifact");
  await host.sh(`RCM_REQUEST='${request}' unshare -m sh -c '${steps.join("; ")}'`, 120_000);
  return JSON.parse(await host.out("rmdir /artifact; cat /dev/termination-log; rm /dev/termination-log")) as Report;
}

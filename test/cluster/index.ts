/** What tests and the demo use of this folder. */
export { BUSYBOX_IMAGE } from "./base-images.ts";
export { DNS_SERVICE_ADDRESS, MACHINE_ADDRESS, REGISTRY } from "./addresses.ts";
export type { Cluster } from "./cluster.ts";
export type { Progress } from "./progress.ts";
export { openCluster } from "./cluster.ts";
export { ClusterError } from "./cluster-error.ts";
export type { NodeVersion } from "./node-version.ts";
export type { CommandOptions, CommandResult } from "./run-command.ts";
export type { ApiOptions, RunningApi } from "./start-api.ts";
export { startApi } from "./start-api.ts";

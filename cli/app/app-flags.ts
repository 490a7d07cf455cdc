import type { FlagTable } from "../flags/flag.ts";

/** What describes an application, for `scaffold` and `deploy`; upstream's names, letters and defaults. */
export const APP_FLAGS = {
  from: {
    kind: "text",
    short: "f",
    isRequired: true,
    help: "reference of the application's image in a registry",
  },
  name: { kind: "text", help: "name of the application, if it is not to be that of the image" },
  replicas: {
    kind: "integer",
    short: "r",
    default: "2",
    help: "replicas of the application; with an autoscaler the fewest",
  },
  "max-replicas": { kind: "integer", default: "3", help: "most replicas that an autoscaler makes" },
  autoscaler: { kind: "text", choices: ["hpa", "keda"], help: "autoscaler of the application: hpa or keda" },
  "autoscaler-target-cpu-utilization": {
    kind: "integer",
    default: "60",
    help: "use of cpu that the autoscaler aims at, in percent of the request",
  },
  "autoscaler-target-memory-utilization": {
    kind: "integer",
    default: "60",
    help: "use of memory that the autoscaler aims at, in percent of the request",
  },
  "cpu-limit": { kind: "text", help: "most cpu that the application may use, such as 500m" },
  "cpu-request": { kind: "text", help: "cpu that is set aside for the application, such as 100m" },
  "memory-limit": { kind: "text", help: "most memory that the application may use, such as 128Mi" },
  "memory-request": { kind: "text", help: "memory that is set aside for the application, such as 64Mi" },
  executor: { kind: "text", default: "containerd-shim-spin", help: "SpinAppExecutor that runs the application" },
  "runtime-config-file": {
    kind: "text",
    short: "c",
    isFile: true,
    help: "file with the runtime configuration of Spin; it becomes a Secret",
  },
  "image-pull-secret": {
    kind: "list",
    short: "s",
    help: "Secret with the login to the image's registry",
  },
  variable: { kind: "pairs", short: "v", help: "variable of the application, as key=value" },
  "variable-from-secret": {
    kind: "pairs",
    help: "variable whose value is in a Secret, as variable=secret/key",
  },
  component: { kind: "list", help: "component of the application that runs; all when none is named" },
  "service-account-name": { kind: "text", help: "service account of the application's pods" },
  "azure-identity": { kind: "switch", help: "let the pods use a workload identity of Azure" },
} as const satisfies FlagTable;

import type { KubeObject } from "@rcm/lib/kube";
import type { SpinAppObject } from "../cluster/kinds.ts";
import { readyCount } from "../cluster/readiness.ts";
import type { FlagTable } from "../flags/flag.ts";
import { tableOf } from "../output/table.ts";
import { yamlOf } from "../output/yaml.ts";

export const OUTPUT_FLAG = {
  output: {
    kind: "text",
    short: "o",
    default: "table",
    choices: ["table", "yaml", "json"],
    help: "form of the output: table, yaml or json",
  },
} as const satisfies FlagTable;

const HEADING = ["NAMESPACE", "NAME", "EXECUTOR", "READY"];

/** Applications as a table. */
export function appTable(apps: readonly SpinAppObject[]): string {
  const rows = apps.map((app) => [
    app.metadata?.namespace ?? "",
    app.metadata?.name ?? "",
    app.spec.executor ?? app.status?.activeScheduler ?? "",
    readyCount(app),
  ]);
  return tableOf([HEADING, ...rows]);
}

/** @param format `yaml` or `json` */
export function dataText(object: object, format: string): string {
  return format === "yaml" ? yamlOf(object) : `${JSON.stringify(object, undefined, 2)}\n`;
}

/** Without what only the API server needs: who wrote which field. */
export function withoutManagers(object: KubeObject): object {
  const metadata = Object.fromEntries(
    Object.entries(object.metadata ?? {}).filter(([field]) => field !== "managedFields"),
  );
  return { ...object, metadata };
}

import { withCluster } from "../cluster/cluster.ts";
import { listSpinApps } from "../cluster/spin-apps.ts";
import { defineCommand } from "../command.ts";
import { CONNECTION_FLAGS, readConnection } from "../flags/connection-flags.ts";
import { appTable, dataText, OUTPUT_FLAG, withoutManagers } from "./app-output.ts";

export const LIST = defineCommand({
  name: "list",
  summary: "List the applications of a namespace, or of all",
  flags: {
    "all-namespaces": { kind: "switch", short: "A", help: "list the applications of all namespaces" },
    ...OUTPUT_FLAG,
    ...CONNECTION_FLAGS,
  },
  validate: (values) => ({
    connection: readConnection(values),
    isOfAll: values.isOn("all-namespaces"),
    format: values.choice("output"),
  }),
  async run({ connection, isOfAll, format }, io, signal) {
    await withCluster(connection, io, async ({ kube, namespace }) => {
      const apps = await listSpinApps(kube, isOfAll ? undefined : namespace, signal);
      if (format !== "table") {
        const items = apps.map((app) => withoutManagers(app));
        io.stdout.write(dataText({ apiVersion: "v1", kind: "List", items }, format));
        return;
      }
      if (apps.length === 0) {
        io.stderr.write(`No applications found${isOfAll ? "" : ` in namespace ${namespace}`}\n`);
      }
      io.stdout.write(appTable(apps));
    });
  },
});

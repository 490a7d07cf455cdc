import { withCluster } from "../../cluster/cluster.ts";
import { defineCommand } from "../../command.ts";
import { dataText, OUTPUT_FLAG, withoutManagers } from "../../commands/app-output.ts";
import { CLUSTER_FLAGS, readCluster } from "../../flags/connection-flags.ts";
import { reportOf } from "../shim-report.ts";
import { CLIENT, getShim, listShims } from "../shims.ts";

export const STATUS = defineCommand({
  name: "status",
  summary: "Show how a shim is on each of its nodes; all shims unless one is named",
  argument: { label: "[name]" },
  flags: { ...OUTPUT_FLAG, ...CLUSTER_FLAGS },
  validate: (values) => ({
    connection: readCluster(values),
    name: values.positionals[0],
    format: values.choice("output"),
  }),
  async run({ connection, name, format }, io, signal) {
    const { stdout, stderr } = io;
    async function show({ kube }: Parameters<Parameters<typeof withCluster>[2]>[0]): Promise<void> {
      const shims = name === undefined ? await listShims(kube, signal) : [await getShim(kube, name, signal)];
      if (format === "table") {
        if (shims.length === 0) stderr.write("No shims found\n");
        stdout.write(shims.map((shim) => reportOf(shim, Date.now())).join("\n\n"));
        return;
      }
      const items = shims.map((shim) => withoutManagers(shim));
      const [only] = items;
      const isOne = name !== undefined && only !== undefined;
      stdout.write(dataText(isOne ? only : { apiVersion: "v1", kind: "List", items }, format));
    }
    await withCluster(connection, io, show, CLIENT);
  },
});

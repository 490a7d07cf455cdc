import { withCluster } from "../cluster/cluster.ts";
import { getSpinApp } from "../cluster/spin-apps.ts";
import { defineCommand } from "../command.ts";
import { CONNECTION_FLAGS, readConnection } from "../flags/connection-flags.ts";
import { appTable, dataText, OUTPUT_FLAG, withoutManagers } from "./app-output.ts";
import { givenName, NAME_ARGUMENT, namedApp } from "./named-app.ts";

export const GET = defineCommand({
  name: "get",
  summary: "Show one application; by default that of the spin.toml in this folder",
  argument: NAME_ARGUMENT,
  flags: { ...OUTPUT_FLAG, ...CONNECTION_FLAGS },
  validate: (values) => ({
    connection: readConnection(values),
    given: givenName(values),
    format: values.choice("output"),
  }),
  async run({ connection, given, format }, io, signal) {
    const name = await namedApp(given, io);
    await withCluster(connection, io, async ({ kube, namespace }) => {
      const app = await getSpinApp(kube, { name, namespace }, signal);
      io.stdout.write(format === "table" ? appTable([app]) : dataText(withoutManagers(app), format));
    });
  },
});

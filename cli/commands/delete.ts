import { createInterface } from "node:readline";
import { withCluster } from "../cluster/cluster.ts";
import { found } from "../cluster/found.ts";
import { APPLICATION, getSpinApp, resourceOfApp } from "../cluster/spin-apps.ts";
import { defineCommand, type Io } from "../command.ts";
import { CliError } from "../errors.ts";
import { CONNECTION_FLAGS, readConnection } from "../flags/connection-flags.ts";
import { givenName, NAME_ARGUMENT } from "./named-app.ts";

export const DELETE = defineCommand({
  name: "delete",
  summary: "Delete an application",
  argument: { ...NAME_ARGUMENT, label: "<name>" },
  flags: { yes: { kind: "switch", short: "y", help: "do not ask whether you are sure" }, ...CONNECTION_FLAGS },
  validate(values) {
    const name = givenName(values);
    if (name === undefined || name === "") throw new CliError("USAGE", "no application name specified to delete");
    return { connection: readConnection(values), name, isSure: values.isOn("yes") };
  },
  async run({ connection, name, isSure }, io, signal) {
    await withCluster(connection, io, async ({ kube, namespace }) => {
      const ref = { name, namespace };
      const app = await getSpinApp(kube, ref, signal);
      if (!isSure && !(await confirm(io, signal))) return;
      const resource = resourceOfApp(app);
      await found(kube.delete(resource, ref, { uid: app.metadata?.uid }, signal), resource, {
        what: APPLICATION,
        name,
      });
      io.stdout.write(`Succesfully deleted ${name}\n`); // Spelled as upstream's: scripts look for it.
    });
  },
});

/** Asks on the terminal; the end of the input is a no. */
async function confirm({ stdin, stdout }: Io, signal: AbortSignal): Promise<boolean> {
  stdout.write("This action is irreversible. Are you sure? (y/N): ");
  const lines = createInterface({ input: stdin, signal });
  try {
    for await (const line of lines) return /^\s*(y|yes)\s*$/i.test(line);
    signal.throwIfAborted();
    return false;
  } finally {
    lines.close();
  }
}

import { text } from "node:stream/consumers";
import { withDeadline } from "@rcm/lib/deadline";
import { withCluster } from "../cluster/cluster.ts";
import { defineCommand, type Io } from "../command.ts";
import { CliError } from "../errors.ts";
import { CONNECTION_FLAGS, readConnection, type ConnectionOptions } from "../flags/connection-flags.ts";
import { VERSION } from "../version.ts";

/** A cluster that does not answer within this time is left out, in milliseconds. */
const SERVER_MS = 3000;

const { server, ...otherFlags } = CONNECTION_FLAGS;

export const VERSION_COMMAND = defineCommand({
  name: "version",
  summary: "Print the versions of this plug-in, of Spin and of the cluster",
  flags: {
    short: { kind: "switch", short: "s", help: "print the version of this plug-in only" },
    server: { kind: server.kind, help: server.help }, // Without its letter, which `--short` has.
    ...otherFlags,
  },
  validate: (values) => ({ connection: readConnection(values), isShort: values.isOn("short") }),
  async run({ connection, isShort }, io, signal) {
    if (isShort) {
      io.stdout.write(`${VERSION}\n`);
      return;
    }
    io.stdout.write(line("Plugin Version", VERSION));
    const spin = io.env["SPIN_VERSION"];
    if (spin !== undefined && spin !== "") io.stdout.write(line("Spin Version", `v${spin}`));
    const kubernetes = await serverVersion(connection, io, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (kubernetes !== undefined) io.stdout.write(line("Kubernetes Version", kubernetes));
  },
});

function line(label: string, value: string): string {
  return `${label.padEnd(14)}: ${value}\n`;
}

async function serverVersion(connection: ConnectionOptions, io: Io, signal: AbortSignal): Promise<string | undefined> {
  async function ask(limited: AbortSignal): Promise<string | undefined> {
    return withCluster(connection, io, async ({ kube }) => {
      const answer: unknown = JSON.parse(await text(await kube.read("version", "/version", limited)));
      const isVersion = typeof answer === "object" && answer !== null && "gitVersion" in answer;
      return isVersion ? String(answer.gitVersion) : undefined;
    });
  }
  function expired(): Error {
    return new CliError("CONNECTION", `no answer within ${SERVER_MS} ms`);
  }
  return withDeadline({ ms: SERVER_MS, expired }, ask, signal);
}

import { withCluster } from "../../cluster/cluster.ts";
import { defineCommand, type Command } from "../../command.ts";
import { CLUSTER_FLAGS, readCluster } from "../../flags/connection-flags.ts";
import { CLIENT, getShim, mergeIntoShim, SHIM_ARGUMENT, shimName } from "../shims.ts";

export const PAUSE = pauseCommand({
  name: "pause",
  summary: "Change no further node of a shim until it is resumed; what is being done is finished",
  paused: true,
  done: "paused",
});

export const RESUME = pauseCommand({
  name: "resume",
  summary: "Go on with the rollout of a shim that was paused",
  paused: false,
  done: "resumed",
});

interface PauseDefinition {
  readonly name: string;
  readonly summary: string;
  readonly paused: boolean;
  readonly done: string;
}

function pauseCommand({ name, summary, paused, done }: PauseDefinition): Command {
  return defineCommand({
    name,
    summary,
    argument: SHIM_ARGUMENT,
    flags: CLUSTER_FLAGS,
    validate: (values) => ({ connection: readCluster(values), shim: shimName(values) }),
    async run({ connection, shim }, io, signal) {
      await withCluster(
        connection,
        io,
        async ({ kube }) => {
          const { spec } = await getShim(kube, shim, signal);
          const isSo = (spec.paused === true) === paused;
          if (!isSo) await mergeIntoShim(kube, shim, { spec: { paused } }, signal);
          io.stdout.write(`shim "${shim}" ${isSo ? "already " : ""}${done}\n`);
        },
        CLIENT,
      );
    },
  });
}

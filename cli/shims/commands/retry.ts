import { RETRY_ANNOTATION } from "@rcm/crds";
import type { Resource } from "@rcm/lib/kube";
import { withCluster } from "../../cluster/cluster.ts";
import { found } from "../../cluster/found.ts";
import { defineCommand } from "../../command.ts";
import { CLUSTER_FLAGS, readCluster } from "../../flags/connection-flags.ts";
import { CLIENT, getShim, mergeIntoShim, SHIM_ARGUMENT, shimName } from "../shims.ts";

const NODES: Resource = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };

export const RETRY = defineCommand({
  name: "retry",
  summary: "Try failed nodes of a shim again now, also those that were given up",
  argument: SHIM_ARGUMENT,
  flags: {
    node: { kind: "list", help: "only these nodes; it counts for all shims that have failed there" },
    ...CLUSTER_FLAGS,
  },
  validate: (values) => ({ connection: readCluster(values), shim: shimName(values), nodes: values.list("node") }),
  async run({ connection, shim, nodes }, io, signal) {
    const metadata = { annotations: { [RETRY_ANNOTATION]: new Date().toISOString() } };
    await withCluster(
      connection,
      io,
      async ({ kube }) => {
        if (nodes.length === 0) {
          await mergeIntoShim(kube, shim, { metadata }, signal);
          io.stdout.write(`Failed nodes of shim "${shim}" are tried again\n`);
        } else await getShim(kube, shim, signal);
        for (const name of nodes) {
          const patching = kube.patch(NODES, { name }, { kind: "merge", body: { metadata } }, signal);
          await found(patching, NODES, { what: "node", name });
          io.stdout.write(`Node "${name}" is tried again if it has failed\n`);
        }
      },
      CLIENT,
    );
  },
});

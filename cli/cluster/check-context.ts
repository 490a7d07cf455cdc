import type { KubeConfig } from "@kubernetes/client-node";
import { CliError } from "../errors.ts";

/**
 * Makes sure that the current context, its cluster and its user are there, as far as they are used: the library goes on
 * without a user, as nobody.
 *
 * @throws {CliError} `NO_CLUSTER`
 */
export function checkContext(config: KubeConfig, used: { readonly cluster: boolean; readonly user: boolean }): void {
  const name = config.getCurrentContext();
  if (!name) return;
  const context = config.getContextObject(name);
  if (context === null) throw unusable(name, `the kubeconfig has ${namesOf(config.contexts)}`);
  if (used.cluster && config.getCluster(context.cluster) === null) {
    throw unusable(name, `there is no cluster "${context.cluster}": the kubeconfig has ${namesOf(config.clusters)}`);
  }
  if (used.user && context.user !== "" && config.getUser(context.user) === null) {
    throw unusable(name, `there is no user "${context.user}": the kubeconfig has ${namesOf(config.users)}`);
  }
}

/** For messages: what there is to choose from. */
export function namesOf(all: readonly { readonly name: string }[]): string {
  return all.length === 0 ? "none" : all.map(({ name }) => name).join(", ");
}

function unusable(name: string, problem: string): CliError {
  return new CliError("NO_CLUSTER", `Cannot use the current context "${name}": ${problem}`);
}

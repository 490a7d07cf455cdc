import type { InstallRequest } from "@rcm/lib/install-job";
import { parseOptions } from "./containerd-config/index.ts";
import type { Handler } from "./containerd-config/index.ts";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";
import { binaryPath, isForeignFile, linkPath, readShimLink } from "./host/store.ts";
import type { FileFacts, HostFacts } from "./inspect.ts";
import { planHandler, planNoHandler } from "./plan-config.ts";
import { refuseUnseen } from "./pod-reach.ts";
import type { WantedFile } from "./transaction/change-files.ts";
import type { Change } from "./transaction/transact.ts";

/** What an install changes. */
export async function planInstall(
  context: Context,
  facts: HostFacts,
  request: InstallRequest,
  digest: string,
): Promise<Change> {
  const { shim } = request;
  const handler = handlerFor(context, request);
  refuseUnseen(facts.unseen);
  await refuseForeignFile(context, shim);
  return {
    operation: "install",
    shim,
    files: planHandler(facts, handler, facts.dump),
    link: { before: await readShimLink(context.store, shim), after: binaryPath(context.store, digest, shim) },
    expected: {
      handler: handler.name,
      runtime: { runtimeType: handler.runtimeType, options: handler.options },
      ours: handler.runtimeType,
    },
    unit: facts.unit.name,
  };
}

/** Upstream's installer puts a plain file where our link is. It is in use, and not ours to replace. */
async function refuseForeignFile({ store }: Context, shim: string): Promise<void> {
  if (!(await isForeignFile(store, shim))) return;
  throw new InstallError(
    "HandlerConflict",
    `"${linkPath(store, shim)}" is a file that somebody else put there: remove it by what installed it, or name the Shim differently`,
  );
}

/** @throws {InstallError} when the configuration cannot be edited safely. */
export function planConfig(context: Context, facts: FileFacts, request: InstallRequest): readonly WantedFile[] {
  refuseUnseen(facts.unseen);
  return planHandler(facts, handlerFor(context, request), undefined);
}

/** What an uninstall changes. */
export async function planUninstall(
  context: Context,
  facts: HostFacts,
  shim: string,
  handler: string,
): Promise<Change> {
  return {
    operation: "uninstall",
    shim,
    files: planNoHandler(facts, handler),
    link: { before: await readShimLink(context.store, shim), after: undefined },
    expected: { handler, runtime: undefined, ours: linkPath(context.store, shim) },
    unit: facts.unit.name,
  };
}

function handlerFor({ store }: Context, { shim, handler, options }: InstallRequest): Handler {
  return { name: handler, runtimeType: linkPath(store, shim), options: parseOptions(options) };
}

import { mkdirSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { containerKind } from "../spec/container-kind.ts";
import { inspectEntrypoint } from "../spec/entrypoint.ts";
import { EXECUTOR_TREE } from "../spec/executor-layout.ts";
import type { ExecutorLayout } from "../spec/executor-layout.ts";
import { entrypointCandidates, isRunnable, isWasm } from "../spec/is-wasm.ts";
import { resolveDestinations } from "../spec/mount-targets.ts";
import type { OciSpec } from "../spec/oci-spec.ts";
import { rewriteForExecutor } from "../spec/rewrite.ts";
import type { ContainerKind } from "./container-traits.ts";
import { withComponent, type ExecutorFiles } from "./executor-files.ts";

/** What decides about a container, besides its own specification. */
export interface BundleOrder {
  readonly bundle: string;
  readonly executor: ExecutorFiles;
  /** The component that its image consists of, as a file on the node; `undefined` if it has files instead. */
  readonly componentOfImage: () => Promise<string | undefined>;
}

export interface PreparedBundle {
  readonly kind: ContainerKind;
  /** The folder that runc is to take its specification from. */
  readonly runcBundle: string;
}

/**
 * Decides what the container is. A Wasm container gets a second bundle inside its own, whose specification runs the
 * executor; containerd's own file stays as it is.
 *
 * @throws {SpecError} if nobody could run it.
 */
export async function prepareBundle(spec: OciSpec, order: BundleOrder): Promise<PreparedBundle> {
  const { bundle } = order;
  if (containerKind(spec) === "sandbox") return { kind: "sandbox", runcBundle: bundle };
  const rootfs = rootfsIn(spec, bundle);
  const mounts = spec.mounts ?? [];
  const inspection = inspectEntrypoint(rootfs, entrypointCandidates(spec), mounts);
  const isInFiles = isRunnable(inspection.entrypoint) || inspection.hasSpinManifest;
  // Ordinary containers pay nothing for those that have no files.
  const component = isInFiles ? undefined : await order.componentOfImage();
  const hasWasmLayers = component !== undefined;
  // runc says that a program is missing in the words that people know.
  const missing = inspection.entrypoint.kind === "missing" && !isInFiles && !hasWasmLayers;
  if (missing || !isWasm({ spec, hasWasmLayers, inspection })) return { kind: "linux", runcBundle: bundle };
  const executor = component === undefined ? order.executor : withComponent(order.executor, component);
  const runcBundle = join(bundle, "executor");
  const layout: ExecutorLayout = { ...executor, tree: join(runcBundle, "rootfs") };
  makeTree(layout.tree, executor);
  const destinations = resolveDestinations(rootfs, mounts);
  const rewritten = rewriteForExecutor({ spec, bundle, destinations, layout });
  writeFileSync(join(runcBundle, "config.json"), JSON.stringify(rewritten), { mode: 0o600 });
  return { kind: "wasm", runcBundle };
}

function rootfsIn({ root }: OciSpec, bundle: string): string {
  const path = root?.path ?? "rootfs";
  return isAbsolute(path) ? path : join(bundle, path);
}

/** The executor's root: empty folders and files to mount things on. */
function makeTree(tree: string, { files }: ExecutorFiles): void {
  for (const folder of EXECUTOR_TREE.folders) mkdirSync(join(tree, folder), { recursive: true, mode: 0o755 });
  for (const file of EXECUTOR_TREE.files) writeFileSync(join(tree, file), "", { mode: 0o644 });
  for (const { destination, kind } of files) {
    if (kind === "folder") mkdirSync(join(tree, destination), { recursive: true, mode: 0o755 });
    else writeFileSync(join(tree, destination), "", { mode: 0o755 });
  }
}

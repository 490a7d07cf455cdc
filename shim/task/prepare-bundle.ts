import { isAbsolute, join } from "node:path";
import type { WasmOfImage } from "../content/wasm-of-image.ts";
import { writeNamed } from "../linux/write-named.ts";
import type { ComponentPlace, Looked, PrepareOrder } from "../prepared/prepared-components.ts";
import { containerKind } from "../spec/container-kind.ts";
import { inspectEntrypoint, openComponent } from "../spec/entrypoint.ts";
import { EXECUTOR_TREE } from "../spec/executor-layout.ts";
import type { ExecutorLayout } from "../spec/executor-layout.ts";
import { makeTree } from "../spec/executor-tree.ts";
import { entrypointCandidates, isRunnable, isWasm } from "../spec/is-wasm.ts";
import { resolveDestinations } from "../spec/mount-targets.ts";
import type { OciSpec } from "../spec/oci-spec.ts";
import { rewriteForExecutor } from "../spec/rewrite.ts";
import type { ContainerKind } from "./container-traits.ts";
import { withPrepared, withWasm, type ExecutorFiles } from "./executor-files.ts";

/** What decides about a container, besides its own specification. */
export interface BundleOrder {
  readonly bundle: string;
  readonly executor: ExecutorFiles;
  /** What its image consists of; `undefined` if it has files instead. */
  readonly wasmOfImage: () => Promise<WasmOfImage | undefined>;
  /** What was prepared of a component, or what is to be done about it, for a pod with these variables. */
  readonly prepared: (place: ComponentPlace, env: readonly string[]) => Promise<Looked>;
}

/** The largest of an application's components; more are not prepared, for a stranger says how many there are. */
const MAX_COMPONENTS = 8;

export interface PreparedBundle {
  readonly kind: ContainerKind;
  /** The folder that runc is to take its specification from. */
  readonly runcBundle: string;
  /** What is to be prepared for later containers. */
  readonly unprepared: readonly PrepareOrder[];
}

/**
 * Decides what the container is. A Wasm container gets a second bundle inside its own, whose specification runs the
 * executor; containerd's own file stays as it is.
 *
 * @throws {SpecError} if nobody could run it.
 */
export async function prepareBundle(spec: OciSpec, order: BundleOrder): Promise<PreparedBundle> {
  const { bundle } = order;
  if (containerKind(spec) === "sandbox") return { kind: "sandbox", runcBundle: bundle, unprepared: [] };
  const rootfs = rootfsIn(spec, bundle);
  const mounts = spec.mounts ?? [];
  const inspection = inspectEntrypoint(rootfs, entrypointCandidates(spec), mounts);
  const isInFiles = isRunnable(inspection.entrypoint) || inspection.hasSpinManifest;
  // Ordinary containers pay nothing for those that have no files.
  const wasm = isInFiles ? undefined : await order.wasmOfImage();
  const hasWasmLayers = wasm !== undefined;
  // runc says that a program is missing in the words that people know.
  const missing = inspection.entrypoint.kind === "missing" && !isInFiles && !hasWasmLayers;
  if (missing || !isWasm({ spec, hasWasmLayers, inspection })) {
    return { kind: "linux", runcBundle: bundle, unprepared: [] };
  }
  return await writeWasmBundle(spec, order, { rootfs, wasm });
}

interface WasmFiles {
  readonly rootfs: string;
  /** What is none of the image's files. */
  readonly wasm: WasmOfImage | undefined;
}

async function writeWasmBundle(
  spec: OciSpec,
  { bundle, ...order }: BundleOrder,
  { rootfs, wasm }: WasmFiles,
): Promise<PreparedBundle> {
  const mounts = spec.mounts ?? [];
  const places: readonly ComponentPlace[] =
    wasm === undefined
      ? [{ kind: "image", open: () => openComponent(rootfs, entrypointCandidates(spec), mounts) }]
      : placesOf(wasm);
  const looked: Looked[] = [];
  for (const place of places) looked.push(await order.prepared(place, spec.process?.env ?? []));
  const executor = withPrepared(
    wasm === undefined ? order.executor : withWasm(order.executor, wasm),
    looked.flatMap(({ prepared }) => prepared ?? []),
  );
  const runcBundle = join(bundle, "executor");
  const layout: ExecutorLayout = { ...executor, tree: join(runcBundle, "rootfs") };
  makeTree(layout.tree, EXECUTOR_TREE, executor.files);
  const destinations = resolveDestinations(rootfs, mounts);
  const rewritten = rewriteForExecutor({ spec, bundle, destinations, layout });
  writeNamed(join(runcBundle, "config.json"), JSON.stringify(rewritten));
  return { kind: "wasm", runcBundle, unprepared: looked.flatMap(({ order: unprepared }) => unprepared ?? []) };
}

function placesOf(wasm: WasmOfImage): readonly ComponentPlace[] {
  const files = wasm.kind === "component" ? [wasm] : wasm.components.slice(0, MAX_COMPONENTS);
  return files.map(({ digest, file }) => ({ kind: "layer", digest, file }));
}

function rootfsIn({ root }: OciSpec, bundle: string): string {
  const path = root?.path ?? "rootfs";
  return isAbsolute(path) ? path : join(bundle, path);
}

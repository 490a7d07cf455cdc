import { ByteReader } from "../binary/byte-reader.ts";
import { readSections } from "../core/core-sections.ts";
import { stripStart } from "../core/strip-start.ts";
import { wasm, type CoreValue } from "../core/web-assembly.ts";
import { ComponentError } from "../errors.ts";
import type { HostFunction, HostResource } from "../host-interface.ts";
import { LIMITS } from "../limits.ts";
import type { ImportLookup } from "../link/host-lookup.ts";
import { planLink } from "../link/plan-link.ts";
import { Runtime } from "../link/runtime.ts";
import { Meter, type MeterHost } from "../meter/meter.ts";
import { memoriesOf, stateOf } from "../reset/instance-image.ts";
import type { MemorySource } from "../reset/memory-image.ts";
import type { Prepared, PreparedModule } from "./prepare.ts";

/** For a start that computes longer there is no snapshot. On a busy node it may take many times as long. */
const MAX_START_MS = 500;
/** Turns of loops and calls between two looks at the clock. */
const FUEL = 1 << 16;

/** Memories and global variables of a component that has just started, each in the order in which its plan has them. */
export interface Snapshot {
  readonly memories: readonly MemorySource[];
  readonly globals: readonly CoreValue[];
}

const DATA_SECTION = 11;
/** With less to copy into its memory at each start, a component is started as it is. */
const MIN_DATA_BYTES = 256 * 1024;

/**
 * Starts a component once, and makes of it one that begins where this start ended: its modules have no data to copy and
 * nothing to run, and its memory is that of the snapshot, whose pages all instances share until they write to them. That
 * is only done where the start depends on nothing but the component, and where it is worth it.
 */
export function withSnapshot(prepared: Prepared): Prepared {
  const { plan, modules } = prepared;
  const dataBytes = modules.reduce((sum, { bytes }) => sum + dataBytesOf(bytes), 0);
  const isFixed = modules.every(({ resetObstacle }) => resetObstacle === undefined);
  const isOnce = new Set(plan.coreInstances.map(({ module }) => module)).size === plan.coreInstances.length;
  if (dataBytes < MIN_DATA_BYTES || !isFixed || !isOnce) return prepared;
  const snapshot = takeSnapshot(prepared);
  if (snapshot === undefined) return prepared;
  const stripped = modules.map((module, index): PreparedModule => ({
    bytes: stripStart(module.bytes, snapshot.pages.get(index) ?? []),
    memories: module.memories,
    globals: module.globals,
    indirection: module.indirection,
    resetObstacle: module.resetObstacle,
  }));
  const isValid = stripped.every(({ bytes }) => wasm.validate(bytes));
  const { memories, globals } = snapshot;
  return isValid ? { plan, modules: stripped, snapshot: { memories, globals } } : prepared;
}

function dataBytesOf(bytes: Uint8Array): number {
  const data = readSections(new ByteReader(bytes)).filter(({ id }) => id === DATA_SECTION);
  return data.reduce((sum, { start, end }) => sum + end - start, 0);
}

interface TakenSnapshot extends Snapshot {
  /** How many pages the memories of each module have now. */
  readonly pages: ReadonlyMap<number, readonly number[]>;
}

function takeSnapshot(prepared: Prepared): TakenSnapshot | undefined {
  const { linkPlan } = planLink(prepared, NO_HOST, new Meter(timeKeeper(computedMs() + MAX_START_MS)));
  const runtime = new Runtime(linkPlan, undefined);
  try {
    runtime.start();
  } catch {
    return undefined; // It needs the host, takes long, or traps: then at each start.
  }
  const size = memoriesOf(linkPlan.state, runtime.coreExports).reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  if (size > LIMITS.snapshotBytes) return undefined;
  if (runtime.store.touchedHost || runtime.guests.some(({ handles }) => !handles.isEmpty)) return undefined;
  const pages = new Map<number, number[]>();
  const memories: MemorySource[] = [];
  const globals: CoreValue[] = [];
  for (const [index, state] of linkPlan.state.entries()) {
    const own = stateOf(state, runtime.coreExports);
    pages.set(
      prepared.plan.coreInstances[index]?.module ?? -1,
      own.memories.map(({ buffer }) => buffer.byteLength / PAGE_BYTES),
    );
    memories.push(...own.memories.map(({ buffer }) => ({ bytes: Buffer.from(buffer.slice()), file: undefined })));
    globals.push(...own.globals.map(({ value }) => value));
  }
  return { memories, globals, pages };
}

const PAGE_BYTES = 65_536;

/** Ends the start of the component when its time is over. */
function timeKeeper(endMs: number): MeterHost<unknown> {
  return {
    refuel: () => {
      if (computedMs() < endMs) return FUEL;
      throw new ComponentError("UNSUPPORTED", "Cannot take a snapshot: the component takes long to start");
    },
  };
}

/** Processor time of this thread. */
function computedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Offers everything, and fails when it is used. */
const NO_HOST: ImportLookup = {
  func: (): HostFunction<unknown> => ({
    call: () => {
      throw new ComponentError("UNSUPPORTED", "Cannot take a snapshot: the component calls the host while it starts");
    },
  }),
  resource: (): HostResource<unknown> => ({}),
};

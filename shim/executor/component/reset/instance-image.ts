import type { CoreExports, CoreExportValue, CoreGlobal, CoreMemory, CoreValue } from "../core/web-assembly.ts";
import type { Snapshot } from "../prepare/snapshot.ts";
import { MemoryImage, type MemoryKeeper } from "./memory-image.ts";

/** Where the state of a core instance is: the exports that the rewritten module has for it. */
export interface StateExports {
  readonly instance: number;
  readonly memories: readonly string[];
  readonly globals: readonly string[];
}

type CoreInstances = readonly (CoreExports | undefined)[];

/** Memories and global variables of an instance that has just started. */
export class InstanceImage {
  readonly #state: readonly StateExports[];
  readonly #memories: readonly MemoryImage[];
  readonly #globals: readonly CoreValue[];

  private constructor(state: readonly StateExports[], memories: readonly MemoryImage[], globals: readonly CoreValue[]) {
    this.#state = state;
    this.#memories = memories;
    this.#globals = globals;
  }

  /** The state of an instance as it is now. */
  static take(state: readonly StateExports[], instances: CoreInstances): InstanceImage {
    const memories = memoriesOf(state, instances).map((memory) => MemoryImage.take(memory));
    const globals = globalsOf(state, instances).map(({ value }) => value);
    return new InstanceImage(state, memories, globals);
  }

  /** A state that was taken before. */
  static of(state: readonly StateExports[], { memories, globals }: Snapshot): InstanceImage {
    const images = memories.map((memory) => MemoryImage.of(memory));
    return new InstanceImage(state, images, globals);
  }

  /** Puts an instance back for the first time; what comes back puts it back again. `undefined` if it cannot. */
  keep(instances: CoreInstances): InstanceKeeper | undefined {
    const memories = memoriesOf(this.#state, instances);
    const keepers: MemoryKeeper[] = [];
    for (const [index, image] of this.#memories.entries()) {
      const memory = memories[index];
      const keeper = memory === undefined ? undefined : image.keep(memory);
      if (keeper === undefined) return undefined;
      keepers.push(keeper);
    }
    const keeper = new InstanceKeeper(keepers, globalsOf(this.#state, instances), this.#globals);
    keeper.restoreGlobals();
    return keeper;
  }
}

/** Puts one instance back. */
export class InstanceKeeper {
  readonly #memories: readonly MemoryKeeper[];
  readonly #globals: readonly CoreGlobal[];
  readonly #values: readonly CoreValue[];

  constructor(memories: readonly MemoryKeeper[], globals: readonly CoreGlobal[], values: readonly CoreValue[]) {
    this.#memories = memories;
    this.#globals = globals;
    this.#values = values;
  }

  /** `false` if a memory has grown. */
  restore(): boolean {
    for (const memory of this.#memories) if (!memory.restore()) return false;
    this.restoreGlobals();
    return true;
  }

  restoreGlobals(): void {
    let index = 0;
    for (const global of this.#globals) {
      const value = this.#values[index];
      index += 1;
      if (value !== undefined) global.value = value;
    }
  }
}

/** Every memory that the instances define. */
export function memoriesOf(state: readonly StateExports[], instances: CoreInstances): CoreMemory[] {
  return state.flatMap(({ instance, memories }) =>
    memories.map((name) => instances[instance]?.[name]).filter(isMemory),
  );
}

/** The memories and globals that one core instance defines. */
export function stateOf(
  state: StateExports,
  instances: CoreInstances,
): { readonly memories: readonly CoreMemory[]; readonly globals: readonly CoreGlobal[] } {
  return { memories: memoriesOf([state], instances), globals: globalsOf([state], instances) };
}

function globalsOf(state: readonly StateExports[], instances: CoreInstances): CoreGlobal[] {
  return state.flatMap(({ instance, globals }) => globals.map((name) => instances[instance]?.[name]).filter(isGlobal));
}

export function isMemory(value: CoreExportValue | undefined): value is CoreMemory {
  return value !== undefined && "buffer" in value;
}

function isGlobal(value: CoreExportValue | undefined): value is CoreGlobal {
  return value !== undefined && "value" in value;
}

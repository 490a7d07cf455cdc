import type { Codec } from "../abi/codec.ts";
import type { CompiledModule, CoreExportValue } from "../core/web-assembly.ts";
import type { HostResource } from "../host-interface.ts";
import type { Meter } from "../meter/meter.ts";
import type { Snapshot } from "../prepare/snapshot.ts";
import type { StateExports } from "../reset/instance-image.ts";
import type { Runtime } from "./runtime.ts";

/** A core item at run time: an export of a core instance, or a function of ours. */
export type CoreRef =
  | { readonly kind: "export"; readonly instance: number; readonly name: string }
  | { readonly kind: "trampoline"; readonly index: number };

/** Makes a function that core modules import, for one instance. */
export type Trampoline = (runtime: Runtime) => CoreExportValue;

/** Memory and allocator of one set of canonical options. */
export interface ContextPlan {
  readonly owner: number;
  readonly memory: CoreRef | undefined;
  readonly realloc: CoreRef | undefined;
}

/** A core module to instantiate, imports grouped by module. */
export interface StepPlan {
  readonly instance: number;
  readonly module: CompiledModule;
  readonly imports: readonly {
    readonly module: string;
    readonly items: readonly { readonly name: string; readonly ref: CoreRef }[];
  }[];
  /** The contexts whose memory or allocator this instance has. */
  readonly contexts: readonly number[];
}

/** A value type on its way, with what must be checked before its codec may run. */
export interface Passing {
  readonly codec: Codec;
  readonly size: number;
  readonly align: number;
}

/** The parameters of a function, laid out. */
export interface ParamsPlan {
  readonly parts: readonly { readonly codec: Codec; readonly offset: number; readonly flatOffset: number }[];
  readonly inMemory: boolean;
  readonly size: number;
  readonly align: number;
}

/** A lifted function: how to call it from outside. */
export interface LiftPlan {
  readonly core: CoreRef;
  readonly postReturn: CoreRef | undefined;
  readonly context: number;
  readonly owner: number;
  readonly params: ParamsPlan;
  readonly result: Passing | undefined;
  readonly resultInMemory: boolean;
  /** Whether a blocking host function can be reached from it. */
  readonly mayBlock: boolean;
}

/** A lowered function: how a guest calls out. */
export interface LowerPlan {
  readonly context: number;
  readonly params: ParamsPlan;
  readonly result: Passing | undefined;
  readonly resultInMemory: boolean;
  /** Whether handles that it borrows could be dropped while it runs. */
  readonly lends: boolean;
}

/** Everything that is the same for all instances of a linked component. */
export interface LinkPlan {
  readonly guests: number;
  readonly contexts: readonly ContextPlan[];
  readonly trampolines: readonly Trampoline[];
  readonly steps: readonly StepPlan[];
  readonly meter: Meter | undefined;
  /** How resources are destroyed, by the number of their type. */
  readonly destroyers: ReadonlyMap<number, DestroyPlan>;
  /** Where the state is that a reset puts back. */
  readonly state: readonly StateExports[];
  /** The state that instances begin with, if the modules do not bring it about. */
  readonly snapshot: Snapshot | undefined;
  /** Why instances may not be reset. */
  readonly resetObstacle: string | undefined;
  /** Lifted functions that the root exports, by `interface#name`. */
  readonly exports: ReadonlyMap<string, LiftPlan>;
}

export type DestroyPlan =
  | { readonly kind: "host"; readonly resource: HostResource<unknown> | undefined }
  | { readonly kind: "guest"; readonly owner: number; readonly destructor: CoreRef | undefined };

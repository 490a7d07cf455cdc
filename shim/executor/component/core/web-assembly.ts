/**
 * V8's WebAssembly, as far as it is used here. TypeScript declares it only together with the DOM, and the stack
 * switching of JSPI (`Suspending`, `promising`) nowhere.
 */
export type CoreValue = number | bigint;
export type CoreFunction = (...args: CoreValue[]) => CoreValue | undefined;
export type PromisingFunction = (...args: CoreValue[]) => Promise<CoreValue | undefined>;

export interface CoreMemory {
  readonly buffer: ArrayBuffer;
}

export interface CoreGlobal {
  value: CoreValue;
}

/** A function, or an object that only V8 looks into: a table, or a function that suspends. */
export type CoreExportValue = CoreFunction | CoreMemory | CoreGlobal | object;
export type CoreExports = Readonly<Record<string, CoreExportValue | undefined>>;
export type CoreImports = Readonly<Record<string, Readonly<Record<string, CoreExportValue>>>>;

/** A compiled core module: opaque. */
export interface CompiledModule {
  readonly [Symbol.toStringTag]: string;
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (module: CompiledModule, imports: CoreImports) => { readonly exports: CoreExports };
  readonly RuntimeError: new (message?: string) => Error;
  readonly CompileError: new (message?: string) => Error;
  /** Thrown where a function that suspends is called with JavaScript between it and the promising export. */
  readonly SuspendError: new (message?: string) => Error;
  readonly Suspending: new (func: (...args: CoreValue[]) => unknown) => object;
  validate(bytes: Uint8Array): boolean;
  promising(func: CoreFunction): PromisingFunction;
}

declare const WebAssembly: WebAssemblyApi;

export const wasm: WebAssemblyApi = WebAssembly;

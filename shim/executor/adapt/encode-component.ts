import { wasm, type CoreExports, type CoreExportValue, type CoreMemory } from "../component/core/web-assembly.ts";
import { ComponentError } from "../component/errors.ts";
import { encoderImports } from "./encoder-imports.ts";

/** Gives a core module what it imports from `name`. */
export interface Adapter {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const TOOLS = "local:wasm-tools/tools#component-new";
/** Of an adapter in a list: pointer and length of its name and of its bytes. */
const ADAPTER_BYTES = 16;

/**
 * Makes a component of a core module, as `wasm-tools component new` does.
 *
 * @param encoder wasm-tools as a core module; its functions are those of a component, called as such.
 * @throws {ComponentError} `INVALID` with what wasm-tools says.
 */
export function encodeComponent(encoder: Uint8Array, core: Uint8Array, adapters: readonly Adapter[]): Uint8Array {
  const tools = new EncoderInstance(encoder);
  const module = tools.put(core);
  const list = tools.allocate(adapters.length * ADAPTER_BYTES, 4);
  for (const [index, { name, bytes }] of adapters.entries()) {
    tools.write(list + index * ADAPTER_BYTES, [...tools.put(Buffer.from(name)), ...tools.put(bytes)]);
  }
  const result = tools.call(TOOLS, [...module, 1, list, adapters.length]);
  const bytes = tools.read(tools.word(result + 4), tools.word(result + 8));
  if ((tools.word(result) & 0xff) === 0) return bytes;
  const reason = Buffer.from(bytes)
    .toString()
    .trim()
    .replaceAll(/\s*\n\s*/g, " ");
  throw new ComponentError("INVALID", `Cannot make a component of the core module: ${reason}`);
}

class EncoderInstance {
  readonly #exports: CoreExports;

  constructor(encoder: Uint8Array) {
    const imports = { wasi_snapshot_preview1: encoderImports(() => this.#memory()) };
    this.#exports = new wasm.Instance(new wasm.Module(encoder), imports).exports;
  }

  call(name: string, args: readonly number[]): number {
    const func = this.#exports[name];
    if (typeof func !== "function") throw new TypeError(`Cannot use the encoder: it has no function "${name}"`);
    try {
      return Number(func(...args)) >>> 0;
    } catch (error) {
      throw new ComponentError("INVALID", "Cannot make a component of the core module: the encoder fails", {
        cause: error,
      });
    }
  }

  allocate(bytes: number, alignment: number): number {
    return this.call("cabi_realloc", [0, 0, alignment, bytes]);
  }

  /** Copies bytes in. @returns where they are, and how many. */
  put(bytes: Uint8Array): [at: number, length: number] {
    const at = this.allocate(bytes.length, 1);
    new Uint8Array(this.#memory(), at, bytes.length).set(bytes);
    return [at, bytes.length];
  }

  write(at: number, words: readonly number[]): void {
    const view = new DataView(this.#memory());
    for (const [index, word] of words.entries()) view.setUint32(at + index * 4, word, true);
  }

  word(at: number): number {
    return new DataView(this.#memory()).getUint32(at, true);
  }

  read(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory().slice(at, at + length));
  }

  #memory(): ArrayBuffer {
    const { memory } = this.#exports;
    if (!isMemory(memory)) throw new TypeError("Cannot use the encoder: it has no memory");
    return memory.buffer;
  }
}

function isMemory(value: CoreExportValue | undefined): value is CoreMemory {
  return typeof value === "object" && "buffer" in value;
}

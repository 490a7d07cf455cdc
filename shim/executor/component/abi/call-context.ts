import type { CoreFunction, CoreMemory } from "../core/web-assembly.ts";
import { WasmTrap } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Guest } from "./guest.ts";

const NOTHING = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** What one set of canonical options means at run time: a guest, its memory, and how it allocates. */
export class CallContext {
  readonly guest: Guest;
  memory: CoreMemory | undefined;
  realloc: CoreFunction | undefined;
  /** The guest's memory. Read it anew after each allocation: growth replaces it. */
  bytes: Buffer = NOTHING;
  view: DataView = NO_VIEW;
  #budget = 0;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  /** Before values are lifted or lowered: the views are current, and the budget for values is whole. */
  begin(): void {
    this.#budget = LIMITS.valueBytes;
    if (this.bytes.length === 0) this.#refresh(); // Detached by growth, or not looked at yet.
  }

  #refresh(): void {
    if (this.memory === undefined) return;
    const { buffer } = this.memory;
    this.bytes = Buffer.from(buffer);
    this.view = new DataView(buffer);
  }

  /** Counts what a value takes on the host's side, which the guest's memory does not bound: lists may overlap. */
  spend(bytes: number): void {
    this.#budget -= bytes;
    if (this.#budget < 0) throw new WasmTrap(`the values of one call take more than ${LIMITS.valueBytes} bytes`);
  }

  /** Fails unless `size` bytes from `pointer` are in memory and aligned. Gives the pointer as an unsigned number. */
  check(pointer: number, size: number, align: number): number {
    const start = pointer >>> 0;
    if ((start & (align - 1)) !== 0) throw new WasmTrap(`the pointer ${start} is not aligned to ${align}`);
    if (start + size > this.bytes.length) {
      throw new WasmTrap(`${size} bytes from ${start} on are outside of the memory of ${this.bytes.length} bytes`);
    }
    return start;
  }

  /** Memory of the guest for `size` bytes. */
  allocate(size: number, align: number): number {
    const { realloc, guest } = this;
    if (realloc === undefined) throw new WasmTrap("the component instance cannot allocate yet");
    guest.mayLeave = false;
    guest.store.plainCalls += 1;
    const pointer = realloc(0, 0, align, size);
    guest.store.plainCalls -= 1;
    guest.mayLeave = true;
    if (this.bytes.length === 0) this.#refresh();
    return this.check(Number(pointer), size, align);
  }
}

import { WasmTrap } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** What a handle stands for: a host's object, or the number by which a guest knows its own resource. */
export type Rep = object | number;

const FREE = 0;

/**
 * The handles of one component instance, of all resource types. A handle is an index from 1 on; the lowest freed last is
 * given out first.
 */
export class HandleTable {
  readonly #reps: (Rep | undefined)[] = [undefined];
  /** The resource type of each handle, negative for a borrow; 0 is free. */
  readonly #types: number[] = [FREE];
  readonly #free: number[] = [];

  addOwn(resource: number, rep: Rep): number {
    return this.#add(resource, rep);
  }

  addBorrow(resource: number, rep: Rep): number {
    return this.#add(-resource, rep);
  }

  #add(type: number, rep: Rep): number {
    const index = this.#free.pop() ?? this.#types.length;
    if (index > LIMITS.handles) throw new WasmTrap(`more than ${LIMITS.handles} handles are open`);
    this.#reps[index] = rep;
    this.#types[index] = type;
    return index;
  }

  /** What an own or borrow handle stands for. */
  rep(index: number, resource: number): Rep {
    const type = this.#types[index];
    const rep = this.#reps[index];
    if ((type === resource || type === -resource) && rep !== undefined) return rep;
    throw new WasmTrap(this.#wrong(index, type));
  }

  /** Takes an own handle out of the table. */
  takeOwn(index: number, resource: number): Rep {
    const type = this.#types[index];
    if (type !== resource) throw new WasmTrap(this.#wrong(index, type));
    return this.#remove(index);
  }

  /** Takes a handle out of the table, whether own or borrow. */
  take(index: number, resource: number): { readonly rep: Rep; readonly isOwn: boolean } {
    const type = this.#types[index];
    if (type !== resource && type !== -resource) throw new WasmTrap(this.#wrong(index, type));
    return { rep: this.#remove(index), isOwn: type > 0 };
  }

  #remove(index: number): Rep {
    const rep = this.#reps[index];
    if (rep === undefined) throw new WasmTrap(this.#wrong(index, FREE));
    this.#reps[index] = undefined;
    this.#types[index] = FREE;
    this.#free.push(index);
    return rep;
  }

  #wrong(index: number, type: number | undefined): string {
    if (type === undefined || type === FREE) return `handle ${index} is not open`;
    return type < 0
      ? `handle ${index} is a borrow or of another resource type`
      : `handle ${index} is of another resource type`;
  }

  /** The own handles that are open. */
  *open(): Generator<{ readonly resource: number; readonly rep: Rep }> {
    for (const [index, resource] of this.#types.entries()) {
      const rep = this.#reps[index];
      if (resource > FREE && rep !== undefined) yield { resource, rep };
    }
  }

  get isEmpty(): boolean {
    return this.#types.length === 1;
  }

  /** Forgets all handles, and which indices were given out. */
  clear(): void {
    this.#reps.length = 1;
    this.#types.length = 1;
    this.#free.length = 0;
  }
}

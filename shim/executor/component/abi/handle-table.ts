import { WasmTrap } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** What a handle stands for: a host's object, or the number by which a guest knows its own resource. */
export type Rep = object | number;

const FREE = 0;
/** Room for so many handles stays for the next call, which then need not make it anew. */
const KEPT = 64;

/**
 * The handles of one component instance, of all resource types. A handle is an index from 1 on; the lowest freed last is
 * given out first.
 */
export class HandleTable {
  readonly #reps: (Rep | undefined)[] = [undefined];
  /** The resource type of each handle, negative for a borrow; 0 is free. */
  readonly #types: number[] = [FREE];
  readonly #free: number[] = [];
  /** Of each borrow: the depth of the call that borrowed it. */
  readonly #depths: number[] = [];
  /** How often handles are lent to calls under way, of those that are. */
  readonly #lends = new Map<number, number>();
  #lent: number[] | undefined;
  /** The next index that was never given out. */
  #next = 1;

  addOwn(resource: number, rep: Rep): number {
    return this.#add(resource, rep);
  }

  addBorrow(resource: number, rep: Rep, depth: number): number {
    const index = this.#add(-resource, rep);
    this.#depths[index] = depth;
    return index;
  }

  #add(type: number, rep: Rep): number {
    const index = this.#free.pop() ?? this.#next++;
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

  /** What a handle stands for that a call borrows from here. */
  lend(index: number, resource: number): Rep {
    const rep = this.rep(index, resource);
    if (this.#lent !== undefined) {
      this.#lent.push(index);
      this.#lends.set(index, (this.#lends.get(index) ?? 0) + 1);
    }
    return rep;
  }

  /** Runs `lift`; the handles that are lent within cannot be taken out of the table before they are given back. */
  lending<Value>(lift: () => Value): { readonly value: Value; readonly lent: readonly number[] } {
    const lent: number[] = [];
    this.#lent = lent;
    const value = lift();
    this.#lent = undefined;
    return { value, lent };
  }

  /** The call that borrowed these handles is at its end. */
  giveBack(lent: readonly number[]): void {
    for (const index of lent) {
      const lends = this.#lends.get(index) ?? 0;
      if (lends > 1) this.#lends.set(index, lends - 1);
      else this.#lends.delete(index);
    }
  }

  /** Takes an own handle out of the table. */
  takeOwn(index: number, resource: number): Rep {
    const type = this.#types[index];
    if (type !== resource) throw new WasmTrap(this.#wrong(index, type));
    return this.#remove(index);
  }

  /** Takes a handle out of the table, whether own or borrow. */
  take(index: number, resource: number): { readonly rep: Rep; readonly borrowedAt: number | undefined } {
    const type = this.#types[index];
    if (type !== resource && type !== -resource) throw new WasmTrap(this.#wrong(index, type));
    return { rep: this.#remove(index), borrowedAt: type > 0 ? undefined : this.#depths[index] };
  }

  #remove(index: number): Rep {
    const rep = this.#reps[index];
    if (rep === undefined) throw new WasmTrap(this.#wrong(index, FREE));
    if (this.#lends.size > 0 && this.#lends.has(index)) {
      throw new WasmTrap(`handle ${index} is lent to a call under way`);
    }
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

  /** Calls `use` for the own handles that are open. */
  forEachOpen(use: (resource: number, rep: Rep) => void): void {
    for (let index = 1; index < this.#next; index += 1) {
      const resource = this.#types[index] ?? FREE;
      const rep = this.#reps[index];
      if (resource > FREE && rep !== undefined) use(resource, rep);
    }
  }

  /** Whether any is, own or borrow. */
  get hasOpen(): boolean {
    return this.#free.length < this.#next - 1;
  }

  /** Whether none was ever opened. */
  get isEmpty(): boolean {
    return this.#next === 1;
  }

  /** Forgets all handles, and which indices were given out. */
  clear(): void {
    const kept = Math.min(this.#next, KEPT);
    this.#reps.length = Math.min(this.#reps.length, KEPT);
    this.#types.length = Math.min(this.#types.length, KEPT);
    this.#reps.fill(undefined, 1, kept);
    this.#types.fill(FREE, 1, kept);
    this.#free.length = 0;
    if (this.#lends.size > 0) this.#lends.clear(); // Which takes a new table each time.
    this.#next = 1;
  }
}

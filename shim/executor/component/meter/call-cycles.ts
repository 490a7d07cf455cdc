/**
 * Functions such that every endless chain of direct calls runs through one of them again and again: the targets of the
 * calls back to a function that is still under way, in a walk through the graph of calls.
 *
 * @param callees - by the number of the function: the numbers of those that it calls; others are left aside.
 */
export function cycleHeads(callees: readonly (readonly number[])[]): ReadonlySet<number> {
  const walk = new CallWalk(callees);
  for (let root = 0; root < callees.length; root += 1) walk.from(root);
  return walk.heads;
}

const UNSEEN = 0;
const UNDER_WAY = 1;
const DONE = 2;

class CallWalk {
  readonly heads = new Set<number>();
  readonly #callees: readonly (readonly number[])[];
  readonly #states: Uint8Array;
  /** Chains of calls may be as long as there are functions: no recursion here. */
  readonly #path: { readonly func: number; next: number }[] = [];

  constructor(callees: readonly (readonly number[])[]) {
    this.#callees = callees;
    this.#states = new Uint8Array(callees.length);
  }

  from(root: number): void {
    this.#enter(root);
    for (let top = this.#path.at(-1); top !== undefined; top = this.#path.at(-1)) {
      const callee = this.#callees[top.func]?.[top.next];
      top.next += 1;
      if (callee !== undefined) this.#enter(callee);
      else this.#leave();
    }
  }

  #enter(func: number): void {
    if (this.#states[func] === UNDER_WAY) this.heads.add(func);
    if (this.#states[func] !== UNSEEN) return;
    this.#states[func] = UNDER_WAY;
    this.#path.push({ func, next: 0 });
  }

  #leave(): void {
    const left = this.#path.pop();
    if (left !== undefined) this.#states[left.func] = DONE;
  }
}

/** So many instructions may run in a function, with those that it calls, before its entry costs. */
const MAX_WEIGHT = 1000;

export interface Charges {
  /** Functions that must cost something when they are entered. */
  readonly charged: ReadonlySet<number>;
  /** Those by which more than {@link MAX_WEIGHT} instructions may run. */
  readonly long: ReadonlySet<number>;
  /** What a call of each adds to what its caller runs between two charges; 0 of others. */
  weightOf(func: number): number;
}

/**
 * Finds the functions that must cost something when they are entered, so that no code without a loop runs for long:
 *
 * - the targets of calls back to a function that is still under way, in a walk through the graph of calls: every endless
 *   chain of direct calls runs through one of them again and again;
 * - those by which more than {@link MAX_WEIGHT} instructions may run, with the functions that they call. Sixty functions
 *   that call the one before twice would otherwise run for years.
 *
 * @param callees - by the number of the function: those of its calls, one by one; others are left aside.
 * @param sizes - instructions of each.
 */
export function chargedFunctions(callees: readonly (readonly number[])[], sizes: readonly number[]): Charges {
  const walk = new CallWalk(callees, sizes);
  for (let root = 0; root < callees.length; root += 1) walk.from(root);
  return walk;
}

const UNSEEN = 0;
const UNDER_WAY = 1;
const DONE = 2;

class CallWalk implements Charges {
  readonly charged = new Set<number>();
  readonly long = new Set<number>();
  readonly #callees: readonly (readonly number[])[];
  readonly #sizes: readonly number[];
  readonly #states: Uint8Array;
  /** Of those that are done: what a call of them adds to its caller's. */
  readonly #weights: Float64Array;
  /** Chains of calls may be as long as there are functions: no recursion here. */
  readonly #path: { readonly func: number; next: number }[] = [];

  constructor(callees: readonly (readonly number[])[], sizes: readonly number[]) {
    this.#callees = callees;
    this.#sizes = sizes;
    this.#states = new Uint8Array(callees.length);
    this.#weights = new Float64Array(callees.length);
  }

  weightOf(func: number): number {
    return this.#weights[func] ?? 0;
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
    if (this.#states[func] === UNDER_WAY) this.charged.add(func);
    if (this.#states[func] !== UNSEEN) return;
    this.#states[func] = UNDER_WAY;
    this.#path.push({ func, next: 0 });
  }

  #leave(): void {
    const left = this.#path.pop();
    if (left === undefined) return;
    const { func } = left;
    this.#states[func] = DONE;
    // One that is under way still is charged for this very call.
    const weight = (this.#callees[func] ?? []).reduce(
      (sum, callee) => sum + this.weightOf(callee),
      this.#sizes[func] ?? 0,
    );
    if (weight > MAX_WEIGHT) {
      this.charged.add(func);
      this.long.add(func);
    }
    this.#weights[func] = this.charged.has(func) ? 1 : weight;
  }
}

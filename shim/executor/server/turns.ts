/**
 * How long one turn of the event loop begins new work. In a turn Node accepts one connection and reads what all others have
 * sent: without an end, fifty connections that each want a third of a millisecond let new ones wait for half a second.
 */
const TURN_MS = 1;

/** Spreads work over the turns of the event loop, in the order in which it came. */
export class Turns {
  #waiting = 0;
  #end: number | undefined;

  /** Begins the work in this turn or a later one. */
  begin(work: () => void): void {
    if (this.#waiting === 0 && this.#hasTime()) {
      work();
      return;
    }
    this.#waiting += 1;
    setImmediate(this.#beginLate, work);
  }

  /** Each has an immediate of its own: what one has left to its promises is done before the next one begins. */
  readonly #beginLate = (work: () => void): void => {
    if (!this.#hasTime()) {
      setImmediate(this.#beginLate, work);
      return;
    }
    this.#waiting -= 1;
    work();
  };

  #hasTime(): boolean {
    const now = performance.now();
    if (this.#end !== undefined) return now < this.#end;
    this.#end = now + TURN_MS;
    setImmediate(this.#endTurn);
    return true;
  }

  readonly #endTurn = (): void => {
    this.#end = undefined;
  };
}

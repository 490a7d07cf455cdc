/** What a guest has open, by the numbers that it knows it by. */
export class Numbered<Open> {
  readonly #open = new Map<number, Open>();
  #next = 0;

  add(open: Open): number {
    const number = this.#next;
    this.#next += 1;
    this.#open.set(number, open);
    return number;
  }

  get(number: number): Open | undefined {
    return this.#open.get(number);
  }

  remove(number: number): Open | undefined {
    const open = this.#open.get(number);
    this.#open.delete(number);
    return open;
  }
}

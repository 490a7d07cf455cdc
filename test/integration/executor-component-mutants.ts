/** Always the same numbers, so that what fails fails again. */
class Dice {
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  below(limit: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * limit);
  }
}

const MUTATIONS: readonly ((bytes: Buffer, dice: Dice) => Buffer)[] = [
  (bytes, dice) => {
    for (let left = 1 + dice.below(3); left > 0; left -= 1) bytes[dice.below(bytes.length)] = dice.below(256);
    return bytes;
  },
  (bytes, dice) => {
    const at = dice.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
    return bytes;
  },
  (bytes, dice) => bytes.subarray(0, dice.below(bytes.length)),
  (bytes, dice) => {
    const length = dice.below(40);
    const from = dice.below(bytes.length - length);
    bytes.copyWithin(dice.below(bytes.length), from, from + length);
    return bytes;
  },
];

/** The component as it is, and so many mutants of it. */
export function* mutantsOf(original: Buffer, seed: number, count: number): Generator<Uint8Array> {
  const dice = new Dice(seed);
  yield original;
  for (let index = 0; index < count; index += 1) {
    const mutate = MUTATIONS[index % MUTATIONS.length];
    yield mutate?.(Buffer.from(original), dice) ?? original;
  }
}

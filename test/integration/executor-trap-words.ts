/** How wasmtime and this executor say the same. */
const TRAPS: readonly (readonly [theirs: RegExp, ours: RegExp])[] = [
  [/unreachable/, /unreachable/],
  [/cannot enter component instance/, /used up/],
  [/cannot leave component instance/, /called out where it may not/],
  [/unknown handle index \d+/, /handle \d+ is not open/],
  [/used with the wrong type/, /is of another resource type/],
  [/cannot remove owned resource while borrowed/, /is lent/],
  [/borrow handles still remain/, /borrowed handles were not dropped/],
  [/invalid `char` bit pattern|out of range for `char`/, /is no character/],
  [/invalid variant discriminant|discriminant \d+ out of range/, /is of none of the/],
  [/unaligned pointer|not aligned/, /is not aligned to/],
  [/out[- ]of[- ]bounds|beyond end of memory/, /outside of the memory/],
  [/invalid utf-8|incomplete utf-8/, /not UTF-8/],
];

/** Whether wasmtime, whose words the `.wast` files have too, and this executor give the same reason for a trap. */
export function isSameTrap(theirs: string, ours: string): boolean {
  return TRAPS.some(([their, our]) => their.test(theirs) && our.test(ours));
}

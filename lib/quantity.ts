const FACTORS: Readonly<Record<string, readonly [numerator: bigint, denominator: bigint]>> = {
  "": [1n, 1n],
  n: [1n, 1_000_000_000n],
  u: [1n, 1_000_000n],
  m: [1n, 1000n],
  k: [10n ** 3n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [2n ** 10n, 1n],
  Mi: [2n ** 20n, 1n],
  Gi: [2n ** 30n, 1n],
  Ti: [2n ** 40n, 1n],
  Pi: [2n ** 50n, 1n],
  Ei: [2n ** 60n, 1n],
};

const QUANTITY =
  /^\+?(?<whole>\d*)(?:\.(?<part>\d*))?(?:(?<suffix>[KMGTPE]i|[numkMGTPE])|[eE](?<power>[+-]?\d{1,2}))?$/;

const NANOS = 1_000_000_000n;

/** A quantity such as 64Mi in bytes, rounded up; undefined when the text is none. */
export function bytesOf(text: string): bigint | undefined {
  const nanos = nanosOf(text);
  return nanos === undefined ? undefined : ratioUp(nanos, NANOS);
}

/**
 * A quantity such as 100m in thousand-millionths, the smallest part that Kubernetes keeps, rounded up; undefined when
 * the text is none.
 */
export function nanosOf(text: string): bigint | undefined {
  const { whole = "", part = "", suffix = "", power = "0" } = QUANTITY.exec(text)?.groups ?? {};
  if (whole + part === "") return undefined;
  const [numerator, denominator] = FACTORS[suffix] ?? [1n, 1n];
  const exponent = Number(power) - part.length;
  return ratioUp(BigInt(whole + part) * numerator * NANOS * powerOfTen(exponent), denominator * powerOfTen(-exponent));
}

function ratioUp(above: bigint, below: bigint): bigint {
  return (above + below - 1n) / below;
}

/** 1 for what would be a fraction. */
function powerOfTen(exponent: number): bigint {
  return 10n ** BigInt(Math.max(0, exponent));
}

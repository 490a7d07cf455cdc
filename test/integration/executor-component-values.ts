/** Values of every WIT type, edge values among them, as the executor's own mapping has them. */
const TEXTS = [
  "",
  "a",
  "hello, world",
  "zażółć gęślą jaźń",
  "\u{1f600}\u{10ffff}",
  "\0",
  "x".repeat(33),
  "é".repeat(70_000),
];
const SHAPES = [
  { tag: "none" },
  { tag: "circle", val: 1.5 },
  { tag: "circle", val: -0 },
  { tag: "circle", val: NaN },
  { tag: "rect", val: [1e300, -Infinity] },
  { tag: "text", val: "shape" },
  { tag: "big", val: 2n ** 64n - 1n },
  { tag: "small", val: 255 },
  { tag: "raw", val: Uint8Array.of(1, 2, 3) },
  { tag: "at", val: { x: -1, y: 2.5 } },
] as const;
const WIDE = {
  a: 255,
  b: 2n ** 63n,
  c: 65_535,
  d: 0.5,
  e: "wide",
  f: Uint8Array.of(9),
  g: -128,
  h: 7n,
  i: true,
  j: "\u{1f600}",
  k: 1e-300,
  l: -32_768,
  m: [7, 2 ** 32 - 1],
};
const NO_FLAGS = { read: false, write: false, execAll: false };

function flags(...set: readonly number[]): Record<string, boolean> {
  return Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`f${index}`, set.includes(index)]));
}

/** Function of `rust-values` that gives its argument back, and the arguments to try. */
export const ECHOES: Readonly<Record<string, readonly unknown[]>> = {
  "echo-bool": [true, false],
  "echo-u8": [0, 127, 255],
  "echo-s8": [-128, -1, 0, 127],
  "echo-u16": [0, 65_535],
  "echo-s16": [-32_768, 32_767],
  "echo-u32": [0, 2 ** 31, 2 ** 32 - 1],
  "echo-s32": [-(2 ** 31), 2 ** 31 - 1],
  "echo-u64": [0n, 2n ** 63n, 2n ** 64n - 1n],
  "echo-s64": [-(2n ** 63n), -1n, 2n ** 63n - 1n],
  "echo-f32": [0, -0, 1.5, Infinity, -Infinity, NaN, 2 ** -149],
  "echo-f64": [0, -0, 5e-324, 1.7976931348623157e308, NaN],
  "echo-char": ["a", "\0", "\ud7ff", "\ue000", "\u{10ffff}"],
  "echo-string": TEXTS,
  "echo-bytes": [new Uint8Array(), Uint8Array.of(0, 255), new Uint8Array(300_000).fill(7)],
  "echo-shorts": [[], [0, 1, 65_535]],
  "echo-longs": [[], [-(2n ** 63n), 0n, 2n ** 63n - 1n]],
  "echo-strings": [[], TEXTS],
  "echo-lists": [[], [[]], [["a", ""], [], ["\u{1f600}"]]],
  "echo-tuple": [[255, 2n ** 64n - 1n, "tuple", true]],
  "echo-point": [{ x: -(2 ** 31), y: NaN }],
  "echo-nested": [
    { name: "n", points: [], note: undefined, level: 0 },
    {
      name: "",
      points: [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
      note: "note",
      level: 255,
    },
  ],
  "echo-wide": [WIDE, { ...WIDE, h: undefined, i: false, e: "" }],
  "echo-shape": SHAPES,
  "echo-shapes": [[], SHAPES],
  "echo-color": ["red", "dark-green", "blue"],
  "echo-perms": [NO_FLAGS, { read: true, write: true, execAll: true }, { ...NO_FLAGS, execAll: true }],
  "echo-many": [flags(), flags(31), flags(0, 15, 16, 31)],
  "echo-opt": [undefined, 0, 2 ** 32 - 1],
  "echo-opt-string": [undefined, "", "some"],
  "echo-opt-opt": [{ tag: "none" }, { tag: "some", val: undefined }, { tag: "some", val: 7 }],
  "echo-res": [{ tag: "ok", val: "fine" }, ...SHAPES.map((val) => ({ tag: "err", val }))],
  "echo-res-ok": [{ tag: "ok", val: 2n ** 64n - 1n }, { tag: "err" }],
  "echo-res-err": [{ tag: "ok" }, { tag: "err", val: 0.25 }],
  "echo-res-unit": [{ tag: "ok" }, { tag: "err" }],
  "echo-mixed": [
    [],
    [
      { tag: "ok", val: "blue" },
      { tag: "ok", val: undefined },
      { tag: "err", val: [1.5, { ...NO_FLAGS, write: true }] },
    ],
  ],
};

/** The arguments of `sum`, whose 20 core values travel through memory. */
export const SUM_ARGUMENTS: readonly (boolean | number | bigint | string | object)[] = [
  1,
  2,
  3,
  4n,
  -5,
  -6,
  -7,
  -8n,
  0.5,
  0.25,
  "four",
  Uint8Array.of(10, 20),
  100n,
  { x: 1000, y: 0.125 },
  true,
];

/** Text in which two values are the same if and only if they are the same to a guest. */
export function canonicalText(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (ArrayBuffer.isView(value)) return canonicalText([...(value as unknown as Iterable<number | bigint>)]);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (typeof value !== "object" || value === null) {
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  }
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== false);
  return `{${entries
    .map(([key, inner]) => `${key}:${canonicalText(inner)}`)
    .toSorted()
    .join()}}`;
}

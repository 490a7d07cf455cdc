/** Lines of `.wast` files on which this executor does not do what the file says, and why. */
interface Exclusion {
  readonly file: string;
  readonly lines: readonly number[];
  readonly reason: string;
}

const UNNAMED =
  "types without a name of their own are taken in imports and exports: names matter to who makes bindings from a component, not to who runs it";

export const EXCLUSIONS: readonly Exclusion[] = [
  { file: "specification/validation/annotated-names.wast", lines: [177], reason: UNNAMED },
  {
    file: "specification/validation/external-visibility.wast",
    lines: [
      20, 29, 39, 46, 62, 71, 91, 112, 131, 150, 168, 185, 196, 209, 232, 239, 246, 253, 260, 267, 276, 283, 290, 297,
      313, 329, 338, 347, 354, 369, 378, 385, 395, 433, 444, 459, 490, 498,
    ],
    reason: UNNAMED,
  },
  {
    file: "specification/validation/resources.wast",
    lines: [578],
    reason: "a resource type that is exported as an unknown one is still seen to be the same: no value can tell",
  },
  { file: "wasm-tools/resources.wast", lines: [541, 548, 557, 1054], reason: UNNAMED },
  {
    file: "wasm-tools/type-export-restrictions.wast",
    lines: [
      6, 14, 22, 30, 38, 46, 56, 64, 72, 80, 88, 116, 129, 137, 147, 155, 174, 186, 199, 215, 273, 298, 307, 362, 391,
      433, 443, 454, 461, 533, 542, 549, 555,
    ],
    reason: UNNAMED,
  },
  {
    file: "wasm-tools/very-nested.wast",
    lines: [2278],
    reason: "types of components within types are not looked into before a component is given, and so cost nothing",
  },
  {
    file: "wasm-tools/very-nested.wast",
    lines: [2522],
    reason: "a value type may have 20,000 parts here, a million there",
  },
];

/** What a valid component may be refused for, by part of the message, and why. */
export const FEATURES: readonly (readonly [message: string, reason: string])[] = [
  ["asynchronous canonical function", "WASI 0.3"],
  ["async function types", "WASI 0.3"],
  ["the async function", "WASI 0.3"],
  ["stream types", "WASI 0.3"],
  ["future types", "WASI 0.3"],
  ['the canonical option "async"', "WASI 0.3"],
  ["the error-context type", "not part of a release of WASI"],
  ["attributes of a name", "not part of a release of WASI"],
  ["the accessor", "not part of a release of WASI"],
  ["the nested name", "not part of a release of WASI"],
  ["component values", "not part of a release of WASI"],
  ["map types", "not part of a release of WASI"],
  ["lists of fixed length", "not part of a release of WASI"],
  ['the canonical option "gc"', "no tool makes such components yet"],
  ["the core type 0x", "no tool makes such components yet"],
  ["references to other core types", "no tool makes such components yet"],
  ["a declaration of a module is of unknown kind", "no tool makes such components yet"],
  ["functions of an exact type", "V8 does not have them"],
  ["a resource is not represented by an i32", "no tool makes such components yet"],
  ["64-bit or shared memory", "no tool makes such components yet"],
  ["limits with the flags", "V8 has no pages of other sizes"],
  ["shared globals", "V8 does not have them"],
  ["shared memories", "a guest could wait on one, and with it the thread"],
  ["exception tag", "exceptions do not pass from module to module"],
];

/** Files that `wasm-tools json-from-wast` does not read, and why. */
export const UNREADABLE: Readonly<Record<string, string>> = {
  "wasm-tools/legacy-indices.wast": "it is in the old text form, which has to be asked for",
};

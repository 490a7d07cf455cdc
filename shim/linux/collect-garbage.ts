import { nodeV8, nodeVm } from "@rcm/lib/late-modules";

/** "all": compiled code too, but that of what runs just now. It is compiled again when somebody calls it. */
export type Thoroughness = "garbage" | "all";

/** It counts for new contexts. */
const EXPOSE = "expose-gc";
const FLUSH = "stress-flush-code";

/**
 * Collects all garbage of V8's heap, and gives back what the heap keeps for more. Node has no call for it. Takes some 20
 * ms.
 */
export function collectGarbage(what: Thoroughness): void {
  // For the moment only: V8 takes no compiled code that was made with other flags.
  const { setFlagsFromString } = nodeV8();
  const flags = what === "all" ? [EXPOSE, FLUSH] : [EXPOSE];
  for (const flag of flags) setFlagsFromString(`--${flag}`);
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- V8 puts it there because of the flag
    const collect = nodeVm().runInNewContext("gc") as (options: object) => void;
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
  } finally {
    for (const flag of flags) setFlagsFromString(`--no-${flag}`);
  }
}

import { messageOf } from "@rcm/lib/errors";

/**
 * Does several things at once, each to its end.
 *
 * @throws Error with the names of those that failed, and why.
 */
export async function together(tasks: ReadonlyMap<string, () => Promise<unknown>>): Promise<void> {
  const results = await Promise.allSettled([...tasks.values()].map(async (task) => task()));
  const names = [...tasks.keys()];
  const reasons = results.map((result) => (result.status === "rejected" ? (result.reason as unknown) : undefined));
  const failed = reasons.flatMap((reason, at) => (reason === undefined ? [] : [`${names[at]}: ${messageOf(reason)}`]));
  if (failed.length > 0) throw new Error(failed.join("\n"), { cause: reasons.find((reason) => reason !== undefined) });
}

import { CodedError } from "@rcm/lib/errors";
import type { Leadership } from "./runtime/leader.ts";

/** Thrown in place of a write by a process that does not hold the lease. */
class FenceError extends CodedError<"NOT_LEADER"> {
  override readonly name = "FenceError";
}

/** Lets writes pass in the leader only. */
export interface Fence {
  /** From now on writes pass while the lease is held. */
  open(leadership: Pick<Leadership, "assertHeld">): void;
  /** @throws {FenceError} before `open`. @throws {LeaderError} when the lease is lost. */
  assertOpen(): void;
}

/** @param isNeeded without leader election everything passes. */
export function createFence(isNeeded: boolean): Fence {
  let held: Pick<Leadership, "assertHeld"> | undefined;
  return {
    open(leadership) {
      held = leadership;
    },
    assertOpen() {
      if (!isNeeded) return;
      if (held === undefined) throw new FenceError("NOT_LEADER", "Cannot write: another manager is the leader");
      held.assertHeld();
    },
  };
}

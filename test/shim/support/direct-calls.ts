import { expect } from "chai";
import { TaskError, type TaskClient } from "./task-client.ts";

const STOPPED = 3;

/** Kills the container and deletes it. */
export async function end(client: TaskClient, id: string): Promise<void> {
  await client.call("Kill", { id, signal: 9, all: true });
  expect(await client.call("Wait", { id })).to.include({ exitStatus: 137 });
  expect(await client.call("State", { id })).to.include({ status: STOPPED, exitStatus: 137 });
  expect(await client.call("Delete", { id }, 12_000)).to.include({ exitStatus: 137 });
}

/** What a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<TaskError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error("It is not refused");
  if (error instanceof TaskError) return error;
  throw new Error("It is refused in another way", { cause: error });
}

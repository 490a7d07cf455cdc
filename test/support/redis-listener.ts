import { expect } from "chai";
import type { ExecutorProcess } from "./executor-process.ts";
import type { RedisServer } from "./redis-server.ts";

/** Whether the application `rust-redis`, which listens to the channel `news`, gets a message. */
export async function expectToHear(listener: ExecutorProcess, redis: RedisServer): Promise<void> {
  await listener.until(() => listener.log().some(({ message }) => message === "Listening"));
  expect(await redis.publish("news", "hello")).to.equal(1);
  await listener.until(() => listener.stdout.includes("call 1: 5 bytes"));
}

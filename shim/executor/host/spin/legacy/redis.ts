import type { HostFunction, HostInterface } from "../../../component/host-interface.ts";
import { answer } from "../../answer.ts";
import type { RedisClient } from "../../redis/redis-client.ts";
import type { HostState } from "../../state.ts";
import { type RedisOperation, REDIS_OPERATIONS } from "../redis-operations.ts";
import { connectRedis } from "../redis.ts";

const MAX_ADDRESSES = 16;

/** A guest's connections by their addresses: it names the address in each call. */
class Connections {
  readonly #clients = new Map<string, Promise<RedisClient>>();

  async get(state: HostState, address: string): Promise<RedisClient> {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    if (this.#clients.size >= MAX_ADDRESSES) throw new Error(`Cannot use more than ${MAX_ADDRESSES} Redis servers`);
    const client = connectRedis(state, address);
    this.#clients.set(address, client);
    return client;
  }
}

/** Of the SDKs for Spin 1: without connections, and with one error for everything. */
export const legacyRedis: HostInterface<HostState> = {
  name: "fermyon:spin/redis",
  version: undefined,
  functions: Object.fromEntries(
    Object.entries({ ...REDIS_OPERATIONS, ...otherResults() }).map(([name, operation]) => [name, onAddress(operation)]),
  ),
  resources: {},
};

/** Numbers are wider, and a missing value is empty. */
function otherResults(): Readonly<Record<string, RedisOperation>> {
  const { get, incr, ...others } = REDIS_OPERATIONS;
  const result: Record<string, RedisOperation> = {};
  for (const name of ["del", "sadd", "srem"] as const) {
    result[name] = { ...others[name], read: incr.read, mayBeOfWrongType: false };
  }
  return { ...result, get: { ...get, read: (reply) => get.read(reply) ?? new Uint8Array(0) } };
}

function onAddress(operation: RedisOperation): HostFunction<HostState> {
  return {
    async call(state, address: string, ...args: readonly unknown[]) {
      const command = operation.command(...args);
      return answer(
        state,
        async (signal) => {
          const client = await state.keep(Connections).get(state, address);
          return operation.read(await client.send(command, signal));
        },
        () => "error",
      );
    },
    blocking: true,
  };
}

import { messageOf } from "@rcm/lib/errors";
import type { HostFunction, HostInterface } from "../../component/host-interface.ts";
import { answer } from "../answer.ts";
import { StoreError } from "../errors.ts";
import { RedisClient } from "../redis/redis-client.ts";
import { type Result, errOf } from "../results.ts";
import type { HostState } from "../state.ts";
import { OpenHandles } from "./open-handles.ts";
import { type RedisOperation, REDIS_OPERATIONS } from "./redis-operations.ts";

type Fault =
  | { readonly tag: "invalid-address" | "too-many-connections" | "type-error" }
  | { readonly tag: "other"; readonly val: string };

const INVALID_ADDRESS: Fault = { tag: "invalid-address" };
const TOO_MANY: Fault = { tag: "too-many-connections" };
const WRONG_TYPE: Fault = { tag: "type-error" };

/** A guest's connection to a Redis server. */
class OpenRedis {
  readonly client: RedisClient;

  constructor(client: RedisClient) {
    this.client = client;
  }
}

/** Each handle is a connection of its own: what a guest does with it (transactions, databases) is seen by no other. */
export const redis: HostInterface<HostState> = {
  name: "fermyon:spin/redis",
  version: "2.0.0",
  functions: {
    "[static]connection.open": { call: open, blocking: true },
    ...Object.fromEntries(
      Object.entries(REDIS_OPERATIONS).map(([name, operation]) => [`[method]connection.${name}`, method(operation)]),
    ),
  },
  resources: {
    connection: {
      drop({ client }: OpenRedis, state) {
        client.close();
        state.keep(OpenHandles).giveBack("redis");
      },
    },
  },
};

async function open(state: HostState, address: string): Promise<Result<OpenRedis, Fault>> {
  const handles = state.keep(OpenHandles);
  if (!handles.take("redis")) return errOf(TOO_MANY);
  const opened = await answer(state, async () => new OpenRedis(await connectRedis(state, address)), faultOf);
  if (opened.tag === "err") handles.giveBack("redis");
  return opened;
}

/**
 * A connection that is closed when the guest has ended, at the latest.
 *
 * @throws {StoreError} `INVALID_ADDRESS` if the component may not connect there.
 */
export async function connectRedis(state: HostState, address: string): Promise<RedisClient> {
  const { spin } = state.services;
  if (spin === undefined || !(await spin.mayConnect("redis", address))) {
    throw new StoreError(
      "INVALID_ADDRESS",
      "Cannot connect: the component's allowed_outbound_hosts do not name the address",
    );
  }
  const { signal } = state;
  const client = await RedisClient.connect(address, signal, spin);
  if (signal.aborted) client.close();
  signal.throwIfAborted();
  state.onDispose(() => {
    client.close();
  });
  return client;
}

function method(operation: RedisOperation): HostFunction<HostState> {
  return {
    async call(state, { client }: OpenRedis, ...args: readonly unknown[]) {
      const command = operation.command(...args);
      return answer(
        state,
        async (signal) => operation.read(await client.send(command, signal)),
        (error) => (operation.mayBeOfWrongType && isTypeError(error) ? WRONG_TYPE : faultOf(error)),
      );
    },
    blocking: true,
  };
}

function isTypeError(error: unknown): boolean {
  return messageOf(error).includes("WRONGTYPE ");
}

function faultOf(error: unknown): Fault {
  return error instanceof StoreError && error.code === "INVALID_ADDRESS"
    ? INVALID_ADDRESS
    : { tag: "other", val: messageOf(error) };
}

import type { HostInterface, Instance, WitValue } from "@rcm/shim/executor/component/host-interface";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { expect } from "chai";
import { componentFromText } from "../guests/component-tools.ts";

/** The tools that turn text into components are installed by the first test that needs them. */
export const INSTALL_MS = 300_000;

/** A core module with memory, an allocator that only goes forward, and `body`. */
export function coreModule(body: string): string {
  return `(core module $m
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $start i32)
      (local.set $start (i32.and (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
      (global.set $next (i32.add (local.get $start) (local.get 3)))
      (local.get $start))
    ${body})`;
}

/** A resource of the host. */
export class Thing {
  readonly kind = "thing";
}

const HOST: HostInterface<string[]> = {
  name: "test:host/api",
  version: "1.0.0",
  resources: { thing: { drop: (_rep, log) => void log.push("dropped") } },
  functions: {
    log: { call: (log, text: string) => void log.push(text) },
    wait: { call: async (log) => Promise.resolve().then(() => void log.push("waited")), blocking: true },
    fail: {
      call: () => {
        throw new Error("the host says no");
      },
    },
    "[constructor]thing": { call: () => new Thing() },
    "is-thing": { call: (_log, thing: object) => thing instanceof Thing },
  },
};

export const IMPORTS = `(import "test:host/api@1.0.0" (instance $api
    (export "thing" (type $thing (sub resource)))
    (export "other" (type $other (sub resource)))
    (export "log" (func (param "text" string)))
    (export "wait" (func))
    (export "fail" (func))
    (export "[constructor]thing" (func (result (own $thing))))
    (export "is-thing" (func (param "thing" (borrow $thing)) (result bool)))))
  (alias export $api "thing" (type $thing))`;

export async function start(wat: string, log: string[] = []): Promise<Instance<string[]>> {
  return link(prepare(await componentFromText(wat)), [HOST]).instantiate(log);
}

export function call(instance: Instance<string[]>, name: string, ...args: readonly WitValue[]): unknown {
  const func = instance.func("", name);
  if (func === undefined) throw new Error(`There is no export "${name}"`);
  return func.call(...args);
}

export async function refusal(wat: string): Promise<string> {
  const bytes = await componentFromText(wat);
  try {
    prepare(bytes);
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`;
  }
  return "";
}

/** Fails unless the promise is rejected with that text. */
export async function rejects(value: unknown, message: string): Promise<void> {
  try {
    await value;
  } catch (error) {
    expect(String(error)).to.include(message);
    return;
  }
  expect.fail(`It did not fail with "${message}"`);
}

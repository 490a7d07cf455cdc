import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ComponentError, WasmTrap } from "@rcm/shim/executor/component/errors";
import type { Instance, Linked, WitValue } from "@rcm/shim/executor/component/host-interface";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { canonicalText } from "./executor-component-values.ts";
import { isSameTrap } from "./executor-trap-words.ts";
import type { Wast, WastAction, WastCommand, WastValue } from "./executor-wast-commands.ts";
import { witValue } from "./executor-wast-values.ts";

/** What came of a command. */
export type Outcome = { readonly line: number; readonly type: WastCommand["type"] } & Result;

type Definition = Exclude<WastCommand, { readonly action: WastAction }>;
type Result =
  | { readonly kind: "passed" | "not run" }
  | { readonly kind: "unsupported" | "failed"; readonly reason: string };
type Started = Instance<undefined> | undefined;

const PASSED: Result = { kind: "passed" };
const NOT_RUN: Result = { kind: "not run" };

/** Does what a `.wast` file says, and tells for each command what came of it. */
export async function runWast({ folder, commands }: Wast): Promise<Outcome[]> {
  const runner = new Runner(folder);
  const outcomes: Outcome[] = [];
  for (const command of commands) {
    const { line, type } = command;
    outcomes.push({ line, type, ...(await runner.run(command)) });
  }
  return outcomes;
}

class Runner {
  readonly #folder: string;
  /** By name; the last one has none too. */
  readonly #definitions = new Map<string | undefined, Linked<undefined> | undefined>();
  readonly #instances = new Map<string | undefined, Started>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async run(command: WastCommand): Promise<Result> {
    try {
      return await this.#run(command);
    } catch (error) {
      const isUnsupported = error instanceof ComponentError && error.code === "UNSUPPORTED";
      return { kind: isUnsupported ? "unsupported" : "failed", reason: reasonOf(error) };
    }
  }

  async #run(command: WastCommand): Promise<Result> {
    if (!("action" in command)) return this.#judge(command);
    const { action } = command;
    const instance = this.#instances.get(action.module);
    if (instance === undefined) return NOT_RUN;
    const func = instance.func("", action.field);
    if (func === undefined) return { kind: "failed", reason: `there is no export "${action.field}"` };
    const args = action.args.map(witValue);
    if (command.type === "assert_trap") return mustTrap(async () => func.call(...args), command.text);
    return mustReturn(await func.call(...args), command.type === "assert_return" ? command.expected : []);
  }

  // eslint-disable-next-line typescript/consistent-return -- Every type of command is there.
  async #judge(command: Definition): Promise<Result> {
    switch (command.type) {
      case "module":
      case "module_definition":
        return this.#define(command, command.type === "module");
      case "module_instance":
        return this.#instantiate(command.instance, this.#definitions.get(command.module));
      case "assert_invalid":
      case "assert_malformed":
        return this.#refuse(command.filename, command.module_type);
      case "assert_uninstantiable":
        return mustTrap(async () => this.#link(command.filename)?.instantiate(undefined), command.text);
    }
  }

  #define({ name, filename }: { readonly name?: string; readonly filename: string }, isInstance: boolean): Result {
    for (const key of [name, undefined]) this.#definitions.delete(key);
    if (isInstance) for (const key of [name, undefined]) this.#instances.delete(key);
    const linked = this.#link(filename);
    for (const key of [name, undefined]) this.#definitions.set(key, linked);
    if (isInstance && linked !== undefined) return this.#instantiate(name, linked);
    return PASSED;
  }

  /** `undefined`: the component is valid, but nobody has what it imports. */
  #link(filename: string): Linked<undefined> | undefined {
    const prepared = prepare(readFileSync(join(this.#folder, filename)));
    try {
      return link<undefined>(prepared, []);
    } catch (error) {
      if (error instanceof ComponentError && error.code === "IMPORT_MISSING") return undefined;
      throw error;
    }
  }

  #instantiate(name: string | undefined, linked: Linked<undefined> | undefined): Result {
    for (const key of [name, undefined]) this.#instances.delete(key);
    if (linked === undefined) return NOT_RUN;
    const instance = linked.instantiate(undefined);
    for (const key of [name, undefined]) this.#instances.set(key, instance);
    return PASSED;
  }

  #refuse(filename: string, form: "binary" | "text"): Result {
    if (form === "text") return NOT_RUN; // That text is refused is up to the program that reads it.
    try {
      prepare(readFileSync(join(this.#folder, filename)));
    } catch (error) {
      if (error instanceof ComponentError) return PASSED;
      throw error;
    }
    return { kind: "failed", reason: "it is not refused" };
  }
}

function mustReturn(value: WitValue, expected: readonly WastValue[]): Result {
  const [got, wanted] = [value, expected.map(witValue)[0]].map(canonicalText);
  return got === wanted ? PASSED : { kind: "failed", reason: `it returned ${got}, not ${wanted}` };
}

async function mustTrap(action: () => Promise<unknown>, text: string): Promise<Result> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof WasmTrap)) throw error;
    const reason = reasonOf(error);
    return isSameTrap(text, reason)
      ? PASSED
      : { kind: "failed", reason: `it trapped, not by "${text}" but: ${reason}` };
  }
  return { kind: "failed", reason: `it did not trap by "${text}"` };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
}

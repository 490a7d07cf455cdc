import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostFunction, HostInterface, Instance, WitValue } from "@rcm/shim/executor/component/host-interface";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { expect } from "chai";
import { buildGuest } from "../guests/build-guest.ts";
import { componentFromText } from "../guests/component-tools.ts";
import { LEAVING, TRAPPING, trappingComponent } from "./executor-component-traps.ts";
import { ECHOES } from "./executor-component-values.ts";
import { plainValue, runInWasmtime, type Answer, type Job } from "./executor-component-wasmtime.ts";
import { isSameTrap } from "./executor-trap-words.ts";

const BUILD_MS = 900_000;
const CALLS = Object.entries(ECHOES).flatMap(([name, values]) => values.map((value) => [name, value] as const));

/** Gives each argument back, as the reference does. */
function echoHost(): HostInterface<undefined> {
  const echo: HostFunction<undefined> = {
    call: (_state, value) => (value instanceof Uint8Array ? value.slice() : structuredClone(value)),
  };
  const others = ["sum", "[constructor]thing", "[method]thing.name", "[static]thing.join"];
  const names = [...Object.keys(ECHOES), ...others];
  return {
    name: "rcm:values/host",
    version: undefined,
    functions: Object.fromEntries(names.map((name) => [name, echo])),
    resources: { thing: {} },
  };
}

async function start(bytes: Uint8Array): Promise<Instance<undefined>> {
  return link(prepare(bytes), [echoHost()]).instantiate(undefined);
}

async function answerOf(instance: Instance<undefined>, name: string, ...args: readonly WitValue[]): Promise<Answer> {
  try {
    return { value: plainValue(await instance.func("", name)?.call(...args)) };
  } catch (error) {
    return { error: String(error) };
  }
}

function expectSame(ours: Answer, theirs: Answer | undefined, what: string): void {
  if (theirs === undefined) expect.fail(`${what}: wasmtime did not answer`);
  if ("error" in ours && "error" in theirs) {
    expect(isSameTrap(theirs.error, ours.error), `${what}: ${ours.error}; in wasmtime: ${theirs.error}`).to.equal(true);
  } else expect(ours, what).to.deep.equal(theirs);
}

describe("wasmtime and the executor", function () {
  this.timeout(BUILD_MS);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-wasmtime-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("give the same values of every type", async () => {
    const component = await buildGuest("rust-values");
    const calls = CALLS.map(([name, value]) => [name, [plainValue(value)]] as const);
    const [answers = []] = await runInWasmtime([{ component, calls }]);
    const instance = await start(readFileSync(component));
    for (const [index, [name, value]] of CALLS.entries()) {
      const ours = await answerOf(instance, name, value as WitValue);
      expect(ours, `what the executor gives for ${name}`).to.deep.equal({ value: plainValue(value) });
      expectSame(ours, answers[index], name);
    }
  });

  it("trap at the same values, for the same reason, and are used up then", async () => {
    const jobs: Job[] = [];
    for (const [index, trapping] of TRAPPING.entries()) {
      const component = join(folder, `${index}.wasm`);
      writeFileSync(component, await componentFromText(trappingComponent(trapping)));
      jobs.push({
        component,
        calls: [
          ["f", []],
          ["f", []],
        ],
      });
    }
    const answers = await runInWasmtime(jobs);
    for (const [index, { component }] of jobs.entries()) {
      const instance = await start(readFileSync(component));
      for (const call of [0, 1]) {
        const ours = await answerOf(instance, "f");
        expect(ours, "the executor traps").to.have.property("error");
        expectSame(ours, answers[index]?.[call], JSON.stringify(TRAPPING[index]));
      }
    }
  });

  it("let no instance call out while it allocates or cleans up", async () => {
    const jobs: Job[] = [];
    for (const [index, { wat }] of LEAVING.entries()) {
      const component = join(folder, `leaving-${index}.wasm`);
      writeFileSync(component, await componentFromText(wat));
      jobs.push({
        component,
        calls: [
          ["arm", []],
          ["f", ["x"]],
        ],
      });
    }
    const answers = await runInWasmtime(jobs);
    for (const [index, { component }] of jobs.entries()) {
      const { way, place, isTrap } = LEAVING[index] ?? {};
      const what = `${way} in ${place}`;
      const instance = await start(readFileSync(component));
      expectSame(await answerOf(instance, "arm"), answers[index]?.[0], `what comes before ${what}`);
      const ours = await answerOf(instance, "f", "x");
      expect("error" in ours, what).to.equal(isTrap);
      expectSame(ours, answers[index]?.[1], what);
    }
  });

  it("stop a guest that gives up, and count as new in a new instance", async () => {
    const component = await buildGuest("rust-values");
    const calls = ["count", "count", "fail", "count"].map((name) => [name, name === "fail" ? [0] : []] as const);
    const [first = [], second = []] = await runInWasmtime([
      { component, calls },
      { component, calls },
    ]);
    for (const theirs of [first, second]) {
      const instance = await start(readFileSync(component));
      for (const [index, [name, args]] of calls.entries()) {
        expectSame(await answerOf(instance, name, ...args), theirs[index], `${name} ${index}`);
      }
    }
  });
});

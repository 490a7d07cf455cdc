import { createHook } from "node:async_hooks";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { HostInterface } from "../../component/host-interface.ts";
import { HostError } from "../errors.ts";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import type { Waitable } from "../waitable.ts";
import type { Attempt } from "./network-error.ts";
import type { Network } from "./network.ts";
import { socketInterfaces } from "./index.ts";

interface Stream extends Waitable {
  next(): unknown;
}

const interfaces: readonly HostInterface<HostState>[] = socketInterfaces;
const interfaceOfNames = interfaces.find(({ name }) => name === "wasi:sockets/ip-name-lookup");

/** A guest that may look names up, and has a minute for it. */
function stateWith(maxOpenObjects = 100): HostState {
  return new HostState({ maxOpenObjects, network: { mayResolve: true } } as unknown as HostServices, {
    deadlineMs: performance.now() + 60_000,
    computeMs: 60_000,
  });
}

function resolve(state: HostState, name = "localhost"): Attempt<Stream> {
  const network: Network = { kind: "network" };
  return interfaceOfNames?.functions["resolve-addresses"]?.call(state, network, name) as Attempt<Stream>;
}

function resolved(state: HostState, name?: string): Stream {
  const result = resolve(state, name);
  if (result.tag === "err") throw new Error(result.val);
  if (result.val === undefined) throw new Error("Nothing was begun");
  return result.val;
}

function drop(state: HostState, stream: Stream): void {
  const resource = interfaceOfNames?.resources["resolve-address-stream"];
  resource?.drop?.(stream, state, "call");
}

/** Look-ups that Node has begun and not ended. */
function running(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "GetAddrInfoReqWrap").length;
}

/** How many look-ups Node begins while `action` runs. */
async function begunBy(action: () => Promise<void>): Promise<number> {
  let begun = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === "GETADDRINFOREQWRAP") begun += 1;
    },
  }).enable();
  await action().finally(() => hook.disable());
  return begun;
}

async function settled(state: HostState, streams: readonly Stream[]): Promise<void> {
  for (const stream of streams) await state.wait([stream]);
}

describe("resolve-addresses", () => {
  it("runs two look-ups at a time, for all guests together, and ends them all", async () => {
    const [one, other] = [stateWith(), stateWith()];
    const streams = [1, 2, 3].flatMap(() => [resolved(one), resolved(other)]);
    expect(running()).to.equal(2);
    await settled(one, streams);
    for (const stream of streams) expect(stream.next()).to.have.property("tag");
  });

  it("refuses a guest more than eight at a time, and then takes more", async () => {
    const state = stateWith();
    const streams = Array.from({ length: 8 }, () => resolved(state));
    expect(resolve(state)).to.deep.equal({ tag: "err", val: "temporary-resolver-failure" });
    expect(resolve(state, "127.0.0.1")).to.have.property("tag", "ok"); // Nothing to look up.
    const other = stateWith();
    await settled(other, [resolved(other)]);
    await settled(state, streams);
    await settled(state, [resolved(state)]);
  });

  it("counts a look-up as open until it has ended", async () => {
    const state = stateWith(1);
    const stream = resolved(state);
    expect(() => resolve(state)).to.throw(HostError, /has 1 open/);
    drop(state, stream);
    expect(() => resolve(state)).to.throw(HostError, /has 1 open/); // It still runs.
    await settled(state, [stream]);
    await settled(state, [resolved(state)]);
    state.countOpen();
  });

  it("does not begin what was dropped, or whose guest has ended, and counts it as closed", async () => {
    const [dropping, ending, last] = [stateWith(8), stateWith(8), stateWith()];
    const begun = await begunBy(async () => {
      const dropped = Array.from({ length: 8 }, () => resolved(dropping));
      const ended = Array.from({ length: 8 }, () => resolved(ending));
      for (const stream of dropped) drop(dropping, stream);
      ending.dispose();
      for (const stream of ended) drop(ending, stream); // Once is enough.
      await settled(last, [resolved(last)]);
    });
    expect(begun).to.equal(3); // Two had begun.
    for (const state of [dropping, ending]) {
      for (let open = 0; open < 8; open += 1) state.countOpen();
      expect(() => {
        state.countOpen();
      }).to.throw(HostError);
    }
  });

  it("tells of a name that there is not", async () => {
    const state = stateWith(1);
    const stream = resolved(state, "name.invalid");
    await settled(state, [stream]);
    expect(() => stream.next()).to.throw(/ENOTFOUND|EAI_AGAIN/);
    state.countOpen();
    expect(resolve(state, "no name")).to.deep.equal({ tag: "err", val: "invalid-argument" });
  });

  it("tells of a name that is too long that there is none", async () => {
    const state = stateWith();
    const stream = resolved(state, "n".repeat(300));
    await settled(state, [stream]);
    expect(() => stream.next()).to.throw("name-unresolvable");
  });

  for (const name of [
    "fe80::1%lo",
    "[127.0.0.1]",
    "localhost/",
    "localhost?x",
    "localhost#x",
    "local\\host",
    "local\thost",
  ]) {
    it(`refuses ${JSON.stringify(name)}`, () => {
      expect(resolve(stateWith(), name)).to.deep.equal({ tag: "err", val: "invalid-argument" });
    });
  }

  for (const name of ["127.1", "0x7f000001", "2130706433", "127.0.0.1."]) {
    it(`takes ${name} for the address that it says`, () => {
      expect(resolved(stateWith(), name).next()).to.deep.equal({ tag: "ipv4", val: [127, 0, 0, 1] });
    });
  }
});

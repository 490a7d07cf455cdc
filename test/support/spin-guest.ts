import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { createServices, createStdio } from "@rcm/shim/executor/commands/host-services";
import type { Linked } from "@rcm/shim/executor/component/host-interface";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { HttpClientService } from "@rcm/shim/executor/host/http/http-client-service";
import { hostInterfacesFor } from "@rcm/shim/executor/host/index";
import type { HostServices } from "@rcm/shim/executor/host/services";
import { NO_NETWORK } from "@rcm/shim/executor/host/sockets/network-policy";
import type { SpinServices } from "@rcm/shim/executor/host/spin-services";
import { HostState } from "@rcm/shim/executor/host/state";
import { timeKeeper } from "@rcm/shim/executor/server/time-keeper";
import { buildGuest } from "../guests/build-guest.ts";

const GUEST_MS = 60_000;

/** The guest that calls all that Spin's host offers. */
export class SpinGuest {
  readonly #linked: Linked<HostState>;
  readonly #services: HostServices & Disposable;

  private constructor(linked: Linked<HostState>, services: HostServices & Disposable) {
    this.#linked = linked;
    this.#services = services;
  }

  static async load(spin: SpinServices | undefined): Promise<SpinGuest> {
    const path = await buildGuest("spin-calls");
    const prepared = prepare(readFileSync(path), { meter: "with-meter" });
    const stream = new PassThrough();
    const io = { stdin: stream, stdout: stream, stderr: stream, environment: {} };
    const services = createServices({
      environment: [],
      arguments: [],
      folders: [],
      stdio: createStdio(io),
      network: NO_NETWORK,
      outgoing: new HttpClientService({ isAllowed: ({ host }) => host === "127.0.0.1", maxConnections: 2 }),
      ...(spin === undefined ? {} : { spin }),
    });
    return new SpinGuest(link(prepared, hostInterfacesFor(prepared), timeKeeper), services);
  }

  /** Calls an export in a new instance. */
  async call(name: string, ...args: readonly (string | number | readonly string[])[]): Promise<string[]> {
    const visit = this.begin(name, ...args);
    try {
      return await visit.lines;
    } finally {
      visit.end();
    }
  }

  /** As {@link call}, and goes on; `end` ends the guest where it is. */
  begin(
    name: string,
    ...args: readonly (string | number | readonly string[])[]
  ): { readonly lines: Promise<string[]>; readonly state: HostState; end(): void } {
    const state = new HostState(this.#services, { deadlineMs: performance.now() + GUEST_MS, computeMs: GUEST_MS });
    const instance = this.#linked.instantiate(state);
    const func = instance.func("", name);
    if (func === undefined) throw new Error(`The guest has no function "${name}"`);
    return {
      lines: Promise.resolve(func.call(...args)) as Promise<string[]>,
      state,
      end() {
        instance.dispose();
        state.dispose();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#services[Symbol.dispose]();
  }
}

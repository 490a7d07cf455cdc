import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { HostState } from "../state.ts";
import { type Waitable, Wakers } from "../waitable.ts";
import { type IpAddress, ipAddressOf } from "./address.ts";
import { GuestLookups } from "./guest-lookups.ts";
import { NetworkError } from "./network-error.ts";

/** `wasi:sockets/ip-name-lookup.resolve-address-stream` */
export class ResolveAddressStream implements Waitable {
  readonly #wakers = new Wakers();
  #addresses: IpAddress[] | undefined = undefined;
  #failure: Error | undefined = undefined;
  readonly #giveUp: (() => void) | undefined = undefined;

  /** @throws {NetworkError} `invalid-argument` if `name` can be no name, and as {@link GuestLookups.start}. */
  constructor(state: HostState, name: string) {
    const bare = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
    if (isIP(bare) !== 0) {
      this.#addresses = [ipAddressOf(bare)];
      return;
    }
    const ascii = domainToASCII(name);
    if (ascii === "" || isIP(ascii) !== 0) throw new NetworkError("invalid-argument");
    this.#giveUp = state.keep(GuestLookups).start({
      name: ascii,
      onEnd: (error, found) => {
        if (error === null) this.#addresses = found.map(({ address }) => ipAddressOf(address));
        else this.#failure = error;
        this.#wakers.wakeAll();
      },
    });
  }

  next(): IpAddress | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#addresses === undefined) throw new NetworkError("would-block");
    return this.#addresses.shift();
  }

  isReady(): boolean {
    return this.#failure !== undefined || this.#addresses !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }

  /** A look-up that was begun goes on: the system gives none up. */
  close(): void {
    this.#giveUp?.();
  }
}

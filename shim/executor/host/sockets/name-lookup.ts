import { isIP, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import type { HostState } from "../state.ts";
import { type Waitable, Wakers } from "../waitable.ts";
import { type IpAddress, ipAddressOf } from "./address.ts";
import { GuestLookups } from "./guest-lookups.ts";
import { NetworkError } from "./network-error.ts";

/** No name has them, though the parser of URLs leaves them out, or ends the name there. */
const OUTSIDE_OF_NAMES = /[\s/?#\\]/;

/** `wasi:sockets/ip-name-lookup.resolve-address-stream` */
export class ResolveAddressStream implements Waitable {
  readonly #wakers = new Wakers();
  #addresses: IpAddress[] | undefined = undefined;
  #failure: Error | undefined = undefined;
  readonly #giveUp: (() => void) | undefined = undefined;

  /** @throws {NetworkError} `invalid-argument` if `name` can be no name, and as {@link GuestLookups.start}. */
  constructor(state: HostState, name: string) {
    const ascii = hostOf(name);
    if (isIP(ascii) !== 0) {
      this.#addresses = [ipAddressOf(ascii)];
      return;
    }
    this.#giveUp = state.keep(GuestLookups).start({
      name: ascii,
      onEnd: (error, found) => {
        if (error === null) this.#addresses = found.map(({ address }) => ipAddressOf(address));
        else this.#failure = isTooLong(error) ? new NetworkError("name-unresolvable") : error;
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

/**
 * The name in ASCII, or the address that it says: `127.1` is one too, as everywhere else.
 *
 * @throws {NetworkError} `invalid-argument` if it can be no name. An address with a zone has no place in the result.
 */
function hostOf(name: string): string {
  if (isIPv6(name) && !name.includes("%")) return name;
  const ascii = OUTSIDE_OF_NAMES.test(name) ? "" : domainToASCII(name);
  const host = ascii.startsWith("[") ? ascii.slice(1, -1) : ascii;
  if (host === "") throw new NetworkError("invalid-argument");
  return host;
}

/** What the system says of a name that is longer than any that there can be. */
function isTooLong(error: NodeJS.ErrnoException): boolean {
  return error.code === "EINVAL";
}

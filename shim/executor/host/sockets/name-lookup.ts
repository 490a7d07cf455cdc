import { lookup } from "node:dns";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { type Waitable, Wakers } from "../waitable.ts";
import { type IpAddress, ipAddressOf } from "./address.ts";
import { NetworkError } from "./network-error.ts";

/** `wasi:sockets/ip-name-lookup.resolve-address-stream` */
export class ResolveAddressStream implements Waitable {
  readonly #wakers = new Wakers();
  #addresses: IpAddress[] | undefined = undefined;
  #failure: Error | undefined = undefined;

  /** @throws {NetworkError} `invalid-argument` if `name` can be no name. */
  constructor(name: string) {
    const bare = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
    if (isIP(bare) !== 0) {
      this.#addresses = [ipAddressOf(bare)];
      return;
    }
    const ascii = domainToASCII(name);
    if (ascii === "" || isIP(ascii) !== 0) throw new NetworkError("invalid-argument");
    lookup(ascii, { all: true, order: "verbatim" }, (error, found) => {
      if (error === null) this.#addresses = found.map(({ address }) => ipAddressOf(address));
      else this.#failure = error;
      this.#wakers.wakeAll();
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
}

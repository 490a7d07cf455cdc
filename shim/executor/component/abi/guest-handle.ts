import type { GuestResource } from "../host-interface.ts";
import type { Store } from "./guest.ts";

/** A resource that a guest defined, on its way between components or in the host's hands. */
export class GuestHandle implements GuestResource {
  readonly kind = "guest-resource";
  readonly resource: number;
  readonly rep: number;
  readonly isOwn: boolean;
  readonly #store: Store<unknown>;
  readonly #epoch: number;
  #live = true;

  constructor(store: Store<unknown>, of: { readonly resource: number; readonly rep: number; readonly isOwn: boolean }) {
    this.#store = store;
    this.#epoch = store.epoch;
    this.resource = of.resource;
    this.rep = of.rep;
    this.isOwn = of.isOwn;
  }

  /** Whether the handle may still be used, and belongs to that instance. */
  isLive(store: Store<unknown>): boolean {
    return this.#live && store === this.#store && store.epoch === this.#epoch;
  }

  /** The holder gave the resource away. */
  release(): void {
    this.#live = false;
  }

  drop(): void {
    const store = this.#store;
    const isLive = this.isLive(store);
    this.#live = false;
    if (isLive && this.isOwn && store.dead === undefined) store.destroy(this.resource, this.rep);
  }
}

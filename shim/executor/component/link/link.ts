import type { HostInterface, Linked } from "../host-interface.ts";
import { Meter, type MeterHost } from "../meter/meter.ts";
import type { Prepared } from "../prepare/prepare.ts";
import { HostLookup } from "./host-lookup.ts";
import { LinkedComponent } from "./linked-component.ts";
import { planLink } from "./plan-link.ts";

/**
 * Resolves the imports of a prepared component and compiles its core modules.
 *
 * @param meterHost - decides about guests that compute for long; only asked if the component was prepared with a meter.
 *
 * @throws {ComponentError} `IMPORT_MISSING` that names everything that the host does not offer.
 */
export function link<State>(
  prepared: Prepared,
  interfaces: readonly HostInterface<State>[],
  meterHost?: MeterHost<State>,
): Linked<State> {
  const hosts = new HostLookup(interfaces);
  const { linkPlan, names } = planLink(prepared, hosts, meterHost === undefined ? undefined : new Meter(meterHost));
  hosts.check();
  return new LinkedComponent<State>(linkPlan, names);
}

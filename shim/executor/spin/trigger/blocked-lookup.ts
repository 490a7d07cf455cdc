import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { HttpError } from "../../host/http/error-code.ts";
import type { NetworkSet } from "../outbound/networks.ts";

/** Looks names up as Node does, and leaves out the addresses that are blocked. */
export function lookupUnlessBlocked(blocked: NetworkSet): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, "");
        return;
      }
      const allowed = addresses.filter(({ address }) => !blocked.has(address));
      if (allowed.length === 0) callback(new HttpError({ tag: "destination-IP-prohibited" }), "");
      else answer(allowed, options.all === true, callback);
    });
  };
}

function answer(addresses: readonly LookupAddress[], wantsAll: boolean, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (wantsAll) callback(null, [...addresses]);
  else callback(null, first?.address ?? "", first?.family);
}

import { RUNC_OPTIONS_TYPE, RuncOptions } from "@rcm/shim/proto/options";

/** runc's own options, as the field `options` of a request that creates a container. */
export function runcOptions(options: Partial<RuncOptions>): object {
  return { typeUrl: RUNC_OPTIONS_TYPE, value: Buffer.from(RuncOptions.encode(options)) };
}

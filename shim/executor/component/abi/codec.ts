import type { CoreValue } from "../core/web-assembly.ts";
import type { WitValue } from "../host-interface.ts";
import type { CallContext } from "./call-context.ts";

/**
 * Moves values of one type over a component's border. Pointers are checked by the caller for the whole value: within it
 * they need no check.
 */
export interface Codec {
  /** From memory. */
  load(context: CallContext, pointer: number): WitValue;
  /** Into memory. */
  store(context: CallContext, value: WitValue, pointer: number): void;
  /** From core values, of which the first is `flat[at]`. */
  lift(context: CallContext, flat: readonly CoreValue[], at: number): WitValue;
  /** To core values, added to `flat`. */
  lower(context: CallContext, value: WitValue, flat: CoreValue[]): void;
}

/** Gives the codec of a part. */
export type CodecOf<Type> = (type: Type) => Codec;

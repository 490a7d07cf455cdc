import { WasmTrap } from "../errors.ts";
import type { WitValue } from "../host-interface.ts";
import type { ResourceType } from "../types/wit-type.ts";
import type { CallContext } from "./call-context.ts";
import type { Codec } from "./codec.ts";
import { GuestHandle } from "./guest-handle.ts";
import type { Rep } from "./handle-table.ts";

type Lift = (context: CallContext, index: number) => WitValue;
type Lower = (context: CallContext, value: WitValue) => number;

/** The codec of `own` and `borrow`. */
export function handleCodec(kind: "own" | "borrow", resource: ResourceType): Codec {
  const lift = lifter(kind, resource);
  const lower = lowerer(kind, resource);
  return {
    load: (context, pointer) => lift(context, context.view.getUint32(pointer, true)),
    store: (context, value, pointer) => context.view.setUint32(pointer, lower(context, value), true),
    lift: (context, flat, at) => lift(context, Number(flat[at]) >>> 0),
    lower: (context, value, flat) => void flat.push(lower(context, value)),
  };
}

function lifter(kind: "own" | "borrow", { id, origin }: ResourceType): Lift {
  const isOwn = kind === "own";
  if (origin.kind === "host") {
    return isOwn
      ? ({ guest }, index) => guest.handles.takeOwn(index, id)
      : ({ guest }, index) => guest.handles.lend(index, id);
  }
  return ({ guest }, index) => {
    const rep = isOwn ? guest.handles.takeOwn(index, id) : guest.handles.lend(index, id);
    return new GuestHandle(guest.store, { resource: id, rep: Number(rep), isOwn });
  };
}

function lowerer(kind: "own" | "borrow", resource: ResourceType): Lower {
  const { id, origin } = resource;
  const repOf = origin.kind === "host" ? hostRep : guestRep;
  if (kind === "own") {
    return (context, value) => context.guest.handles.addOwn(id, repOf(context, value, resource, "own"));
  }
  return (context, value) => {
    const { guest } = context;
    const rep = repOf(context, value, resource, "borrow");
    if (origin.kind === "guest" && origin.owner === guest.number) return Number(rep);
    return guest.borrow(id, rep);
  };
}

function hostRep(_context: CallContext, value: WitValue, { origin }: ResourceType): Rep {
  if (typeof value === "object") return value;
  const name = origin.kind === "host" ? origin.name : "";
  throw new TypeError(`Cannot give the guest a handle of "${name}": got ${typeof value}, not the host's object`);
}

function guestRep({ guest }: CallContext, value: WitValue, { id }: ResourceType, kind: "own" | "borrow"): Rep {
  if (!(value instanceof GuestHandle) || value.resource !== id || !value.isLive(guest.store)) {
    throw new WasmTrap("a handle is not of the resource type that is needed, or of another instance");
  }
  if (kind === "own") {
    if (!value.isOwn) throw new WasmTrap("a borrowed handle was given where an own one is needed");
    value.release();
  }
  return value.rep;
}

import type { IncomingResponse } from "./messages.ts";
import type { OutgoingBody } from "./outgoing-body.ts";

/** Where a guest's request goes. */
export interface OutgoingTarget {
  readonly scheme: "http" | "https";
  /** IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
  readonly pathWithQuery: string;
}

export interface OutgoingCall {
  readonly target: OutgoingTarget;
  readonly method: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: OutgoingBody | undefined;
  readonly connectTimeoutMs: number | undefined;
  readonly firstByteTimeoutMs: number | undefined;
  readonly betweenBytesTimeoutMs: number | undefined;
  readonly maxFieldBytes: number;
  /** How many guests' requests led to this one. */
  readonly depth: number;
  readonly signal: AbortSignal;
  /** The response has begun; its body follows. */
  onResponse(response: IncomingResponse): void;
  /** Once: the whole exchange is over, or failed. */
  onEnd(error: Error | undefined): void;
}

/** Sends the requests of guests. */
export interface OutgoingService {
  /** The host of requests that name none, if these may be. */
  readonly selfHost?: string;
  /** The policy: for a plain component everything, unless it was told otherwise. */
  isAllowed(target: OutgoingTarget): boolean;
  send(call: OutgoingCall): void;
}

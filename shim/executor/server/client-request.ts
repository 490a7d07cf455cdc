import type { RequestHead } from "../host/http/messages.ts";

export interface RequestLimits {
  readonly maxRequestBodyBytes: number;
  readonly maxTrailerBytes: number;
}

/** A request of a client, by whichever version of HTTP. Nothing is read from it before a guest asks. */
export interface ClientRequest extends RequestHead {
  readonly origin: "client";
  /** `IP:PORT` of the client. */
  readonly clientAddress: string;
  readonly userAgent: string | undefined;
  /** Whether the client says that the body is larger than it may be. */
  readonly isTooLarge: boolean;
}

/** As texts give it: an address of IPv6 has brackets. */
export function addressText({
  remoteAddress = "0.0.0.0",
  remotePort = 0,
}: {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string {
  return remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** @param contentLength as the client has it. */
export function exceeds(contentLength: string | undefined, { maxRequestBodyBytes }: RequestLimits): boolean {
  return maxRequestBodyBytes < Number.POSITIVE_INFINITY && Number(contentLength ?? 0) > maxRequestBodyBytes;
}

/** The target of a request, without scheme and authority if the client sent the absolute form. */
export function pathIn(target: string | undefined): string | undefined {
  if (target === undefined || target.startsWith("/") || !target.includes("://")) return target;
  const parsed = URL.parse(target);
  return parsed === null ? target : `${parsed.pathname}${parsed.search}`;
}
